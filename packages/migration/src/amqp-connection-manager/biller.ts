import { closeOnSignals, connect, Subscriber } from 'leveret'
import { billing } from './contracts.js'

// Takes one URL or a list of them, as connect() of amqp-connection-manager does.
const rabbit = await connect([process.env.RABBITMQ_URL ?? 'amqp://localhost'])
closeOnSignals(rabbit)
rabbit.on('disconnected', ({ reason }) => console.log(`disconnected: ${reason.message}`))
rabbit.on('connected', ({ lane }) => console.log(`connected for ${lane}`))

const biller = new Subscriber(rabbit, billing, ({ template, payload }) => {
  console.log(`${template === 'order.placed' ? 'billed' : 'credited'} ${payload.orderId}`)
})
await biller.start()
console.log('billing')
