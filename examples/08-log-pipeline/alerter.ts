import { closeOnSignals, connect, Subscriber } from 'leveret'
import { logLines } from './exchange.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const alerter = new Subscriber(
  rabbit,
  logLines,
  // With this binding key only errors can come, and the compiler knows that they have a code.
  ({ payload }) => console.log(`ALERT from ${payload.service}: ${payload.text} (${payload.code})`),
  { bindingKeys: ['*.error'], queue: 'log-alerts', retry: { delaysMs: [1_000, 10_000, 60_000] } },
)
await alerter.start()
console.log('watching for errors')
