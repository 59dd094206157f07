import { connect, Producer, type Schema, Worker, type WorkQueue } from 'leveret'
import type { Order } from '../work/order.js'
import type { Client, Place } from './client.js'

/** leveret with its default options; zod validates each payload at both ends. */
export const leveret = leveretClient('leveret', ({ contract }) => contract)

/** Creates a client that uses leveret with a contract of its own. */
export function leveretClient(name: string, contractOf: (place: Place) => WorkQueue<Schema<Order>>): Client {
  return {
    name,
    async connect(place) {
      const contract = contractOf(place)
      const rabbit = await connect(place.url)
      return {
        publisher: async () => {
          const producer = new Producer(rabbit, contract)
          return (order) => producer.send(order)
        },
        consume: async (prefetch, handle) => {
          const worker = new Worker(rabbit, contract, handle, { concurrency: prefetch })
          await worker.start()
          return async () => await worker.close()
        },
        close: () => rabbit.close(),
      }
    },
  }
}
