import { closeOnSignals, connect, Worker } from 'leveret'
import { orders } from './contracts.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const worker = new Worker(rabbit, orders, ({ data: { orderId } }) => console.log(`packed ${orderId}`))
await worker.start()
console.log('packing')
