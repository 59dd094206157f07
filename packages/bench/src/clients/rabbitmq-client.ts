import { once } from 'node:events'
import { Connection, type Publisher } from 'rabbitmq-client'
import type { Client } from './client.js'

/** rabbitmq-client: its Publisher with confirms, and its Consumer. It writes and parses the JSON. */
export const rabbitmqClient: Client = {
  name: 'rabbitmq-client',
  async connect({ url, contract: { name } }) {
    const connection = new Connection(url)
    await once(connection, 'connection')
    const publishers: Publisher[] = []
    return {
      publisher: async () => {
        const publisher = connection.createPublisher({ confirm: true })
        publishers.push(publisher)
        return (order) => publisher.send({ routingKey: name, durable: true }, order)
      },
      consume: async (prefetch, handle) => {
        const options = { queue: name, queueOptions: { passive: true }, qos: { prefetchCount: prefetch } }
        const consumer = connection.createConsumer(options, ({ body }) => handle(body))
        await once(consumer, 'ready')
        return () => consumer.close()
      },
      close: async () => {
        // A connection closes only after all of its channels.
        await Promise.all(publishers.map((publisher) => publisher.close()))
        await connection.close()
      },
    }
  },
}
