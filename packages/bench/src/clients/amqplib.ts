import { type ChannelModel, connect } from 'amqplib'
import { type Order, orderSchema } from '../work/order.js'
import type { Client, Link, PublishAndCallBack } from './client.js'

/** A way to use amqplib. */
interface Way {
  readonly name: string
  /** Validates what is sent and what was received; throws if it is no order. */
  readonly check: Check
  /** Whether the socket writes without Nagle's algorithm; by default amqplib leaves it on. */
  readonly noDelay?: boolean
}

/** Returns a value as an order. */
export type Check = (value: unknown) => Order

/** Believes that a value is an order. */
export const unchecked: Check = (value) => value as Order

/** Validates with zod. */
export const parsed: Check = (value) => orderSchema.parse(value)

/**
 * amqplib itself: default options, a callback for each confirm, no validation. The other clients are compared with it.
 */
export const amqplib = amqplibClient({ name: 'amqplib', check: unchecked })

/** amqplib with the validation that leveret has: each payload is parsed with zod at both ends. */
export const amqplibZod = amqplibClient({ name: 'amqplib + zod', check: parsed })

/** amqplib without Nagle's algorithm, which delays messages that are sent one at a time. */
export const amqplibNoDelay = amqplibClient({ name: 'amqplib noDelay', check: unchecked, noDelay: true })

/** Creates a client that uses amqplib in this way. */
export function amqplibClient({ name, check, noDelay = false }: Way): Client {
  return {
    name,
    async connect({ url, contract: { name: queue } }) {
      const connection = await connect(url, { noDelay })
      return {
        publisher: async () => {
          const publish = await publisherOf(connection, queue, check)
          return (order) =>
            new Promise<void>((resolve, reject) => publish(order, (error) => (error ? reject(error) : resolve())))
        },
        callingPublisher: async () => await publisherOf(connection, queue, check),
        consume: async (prefetch, handle) => await consume(connection, { queue, prefetch, handle, check }),
        close: () => connection.close(),
      }
    },
  }
}

async function publisherOf(connection: ChannelModel, queue: string, check: Check): Promise<PublishAndCallBack> {
  const channel = await connection.createConfirmChannel()
  return (order, settled) => {
    // The message is persistent, as leveret sends it: a classic queue confirms other messages without storing them.
    channel.publish('', queue, Buffer.from(JSON.stringify(check(order))), { persistent: true }, settled)
  }
}

interface Consumption {
  readonly queue: string
  readonly prefetch: number
  readonly handle: (order: Order) => void
  readonly check: Check
}

async function consume(
  connection: ChannelModel,
  { queue, prefetch, handle, check }: Consumption,
): ReturnType<Link['consume']> {
  const channel = await connection.createChannel()
  await channel.prefetch(prefetch)
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message === null) throw new Error(`The queue ${queue} was deleted.`)
    handle(check(JSON.parse(message.content.toString())))
    channel.ack(message)
  })
  return async () => {
    // A quorum queue loses acks that are still on their way when a channel closes, but not at a cancel.
    await channel.cancel(consumerTag)
    await channel.close()
  }
}
