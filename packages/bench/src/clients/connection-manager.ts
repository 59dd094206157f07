import { type ChannelWrapper, connect } from 'amqp-connection-manager'
import type { ConsumeMessage } from 'amqplib'
import type { Client } from './client.js'

/** amqp-connection-manager: a wrapper of a channel, which writes the JSON. */
export const connectionManager: Client = {
  name: 'amqp-connection-manager',
  async connect({ url, contract: { name } }) {
    const connection = connect([url])
    const channelOf = async (): Promise<ChannelWrapper> => {
      const channel = connection.createChannel({ json: true })
      await channel.waitForConnect()
      return channel
    }
    return {
      publisher: async () => {
        const channel = await channelOf()
        return (order) => channel.sendToQueue(name, order, { persistent: true })
      },
      consume: async (prefetch, handle) => {
        const channel = await channelOf()
        const take = (message: ConsumeMessage): void => {
          handle(JSON.parse(message.content.toString()))
          channel.ack(message)
        }
        await channel.consume(name, take, { prefetch })
        return async () => {
          await channel.cancelAll()
          await channel.close()
        }
      },
      close: async () => await connection.close(),
    }
  },
}
