import { connect, Publisher } from 'leveret'
import { shop } from './contracts.js'

// Usage: send <orderId …>
await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
const publisher = new Publisher(rabbit, shop)
for (const orderId of process.argv.slice(2)) {
  await publisher.publish('order.placed', { orderId: Number(orderId), cents: 1_250 }, { mandatory: true })
}
