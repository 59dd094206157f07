import { closeOnSignals, connect, Subscriber } from 'leveret'
import { logAlerts } from './contracts.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

// With the binding key of this contract only errors can come, and the compiler knows that they have a code.
const alerter = new Subscriber(rabbit, logAlerts, ({ payload }) =>
  console.log(`ALERT from ${payload.service}: ${payload.text} (${payload.code})`),
)
await alerter.start()
console.log('watching for errors')
