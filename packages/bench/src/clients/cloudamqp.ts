import { AMQPSession, builtinParsers, type JsonSerializable } from '@cloudamqp/amqp-client'
import type { Order } from '../work/order.js'
import type { Client } from './client.js'

/** @cloudamqp/amqp-client: its session, which writes and parses the JSON. */
export const cloudamqp: Client = {
  name: '@cloudamqp/amqp-client',
  async connect({ url, contract: { name } }) {
    const session = await AMQPSession.connect(url, { parsers: builtinParsers, defaultContentType: 'application/json' })
    const queue = await session.queue(name, { passive: true })
    return {
      // An order may lack keys. Its type then has undefined, which the type of the client's JSON lacks.
      publisher: async () => (order) => queue.publish(order as JsonSerializable, { deliveryMode: 2 }),
      consume: async (prefetch, handle) => {
        const subscription = await queue.subscribe({ prefetch }, ({ body }) => handle(body as Order))
        return async () => await subscription.cancel()
      },
      close: async () => await session.stop(),
    }
  },
}
