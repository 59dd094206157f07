import { closeOnSignals, connect, Reject, Worker } from 'leveret'
import { orders } from './contracts.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const known = process.env.KNOWN === 'all'
const worker = new Worker(
  rabbit,
  orders,
  ({ orderId }) => {
    if (orderId === 13 && !known) throw new Reject('there is no such order')
    console.log(`packed ${orderId}`)
  },
  { prefetch: 1, concurrency: 1 },
)
await worker.start()
console.log('packing')
