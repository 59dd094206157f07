import { orderMails } from '@acme/contracts'
import { closeOnSignals, connect, Subscriber } from 'leveret'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost', { topology: 'check' })
closeOnSignals(rabbit)

const subscriber = new Subscriber(
  rabbit,
  orderMails,
  (event) => {
    const { email, orderId } = event.payload
    if (event.template === 'order.placed') console.log(`${email}: order ${orderId}, ${event.payload.totalCents} cents`)
    else console.log(`${email}: order ${orderId} is cancelled (${event.payload.reason})`)
  },
  { concurrency: 1 },
)
await subscriber.start()
console.log('mailing')
