import { connect, Producer, Worker } from 'leveret'
import type { Client } from './client.js'

/** leveret with its default options; zod validates each payload at both ends. */
export const leveret: Client = {
  name: 'leveret',
  async connect({ url, contract }) {
    const rabbit = await connect(url)
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
