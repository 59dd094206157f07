import { connect, Producer } from 'leveret'
import { orders } from './contracts.js'

// Usage: send <orderId …>
await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
const producer = new Producer(rabbit, orders)
for (const orderId of process.argv.slice(2)) await producer.send({ orderId: Number(orderId), cents: 1_250 })
