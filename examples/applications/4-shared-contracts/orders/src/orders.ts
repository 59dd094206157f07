import { invoices, shop } from '@acme/contracts'
import { connect, Producer, Publisher } from 'leveret'

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost', { topology: 'check' })
const publisher = new Publisher(rabbit, shop)
const producer = new Producer(rabbit, invoices)

const ann = { orderId: 7, email: 'ann@example.com' }
const bob = { orderId: 8, email: 'bob@example.com' }
await publisher.publish('order.placed', { ...ann, totalCents: 1_250 })
await producer.send({ orderId: ann.orderId, totalCents: 1_250, dueOn: '2030-01-31' })
await publisher.publish('order.cancelled', { ...bob, reason: 'stock' })
console.log('2 orders')
