import rascalModule from 'rascal'
import type { Order } from '../work/order.js'
import type { Client, Place } from './client.js'

/**
 * rascal with its default configuration: confirms, persistent messages, a pool of channels. It writes and parses the
 * JSON.
 */
export const rascal: Client = {
  name: 'rascal',
  async connect(place) {
    const broker = await rascalModule.BrokerAsPromised.create(rascalModule.withDefaultConfig(configOf(place)))
    const fail = (error: unknown): never => {
      throw error
    }
    broker.on('error', fail)
    return {
      publisher: async () => async (order) => {
        const publication = await broker.publish('orders', order)
        await new Promise((resolve, reject) => publication.on('success', resolve).on('error', reject))
      },
      consume: async (prefetch, handle) => {
        const subscription = await broker.subscribe('orders', { prefetch })
        subscription.on('message', (_message, order: Order, ackOrNack: () => void) => {
          handle(order)
          ackOrNack()
        })
        subscription.on('error', fail)
        return () => subscription.cancel()
      },
      close: () => broker.shutdown(),
    }
  },
}

function configOf({ url, contract: { name } }: Place): unknown {
  const vhost = {
    connection: { url },
    queues: { [name]: { assert: false, check: true } },
    publications: { orders: { queue: name } },
    subscriptions: { orders: { queue: name } },
  }
  return { vhosts: { [decodeURIComponent(new URL(url).pathname.slice(1))]: vhost } }
}
