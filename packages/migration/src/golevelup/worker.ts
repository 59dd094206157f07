import { closeOnSignals, connect, Subscriber } from 'leveret'
import { packing } from './contracts.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const packer = new Subscriber(rabbit, packing, ({ payload }) => console.log(`packed ${payload.orderId}`), {
  prefetch: 1,
  concurrency: 1,
})
await packer.start()
console.log('packing')
