import { type ChannelModel, connect } from 'amqplib'
import type { Order } from '../work/order.js'
import type { Client, Link, PublishAndCallBack } from './client.js'

/**
 * amqplib itself: default options, a callback for each confirm, no validation. The other clients are compared with it.
 */
export const amqplib: Client = {
  name: 'amqplib',
  async connect({ url, contract: { name } }) {
    const connection = await connect(url)
    return {
      publisher: async () => {
        const publish = await publisherOf(connection, name)
        return (order) =>
          new Promise<void>((resolve, reject) => publish(order, (error) => (error ? reject(error) : resolve())))
      },
      callingPublisher: async () => await publisherOf(connection, name),
      consume: async (prefetch, handle) => await consume(connection, { queue: name, prefetch, handle }),
      close: () => connection.close(),
    }
  },
}

async function publisherOf(connection: ChannelModel, queue: string): Promise<PublishAndCallBack> {
  const channel = await connection.createConfirmChannel()
  return (order, settled) => {
    // The message is persistent, as leveret sends it: a classic queue confirms other messages without storing them.
    channel.publish('', queue, Buffer.from(JSON.stringify(order)), { persistent: true }, settled)
  }
}

interface Consumption {
  readonly queue: string
  readonly prefetch: number
  readonly handle: (order: Order) => void
}

async function consume(
  connection: ChannelModel,
  { queue, prefetch, handle }: Consumption,
): ReturnType<Link['consume']> {
  const channel = await connection.createChannel()
  await channel.prefetch(prefetch)
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message === null) throw new Error(`The queue ${queue} was deleted.`)
    handle(JSON.parse(message.content.toString()))
    channel.ack(message)
  })
  return async () => {
    // A quorum queue loses acks that are still on their way when a channel closes, but not at a cancel.
    await channel.cancel(consumerTag)
    await channel.close()
  }
}
