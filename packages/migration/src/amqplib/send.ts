import { connect, Producer } from 'leveret'
import { orders } from './contracts.js'

// Usage: send <orderId …>
await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
const producer = new Producer(rabbit, orders)
const tasks = process.argv.slice(2).map((orderId) => ({ orderId: Number(orderId), cents: 1_250 }))
const { sent } = await producer.sendAll(tasks, { priority: 1 })
console.log(`sent ${sent}`)
