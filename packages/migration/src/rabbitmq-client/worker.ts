import { closeOnSignals, connect, Worker } from 'leveret'
import { orders } from './contracts.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const worker = new Worker(rabbit, orders, ({ orderId }) => console.log(`packed ${orderId}`), {
  prefetch: 1,
  concurrency: 1,
})
await worker.start()
console.log('packing')
