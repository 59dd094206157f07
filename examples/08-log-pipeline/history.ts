import { closeOnSignals, connect, Subscriber } from 'leveret'
import { logHistory } from './contracts.js'

// Usage: history [minutes]. Shows the errors of the last so many minutes, and those that come. What the stream keeps is its contract's business.
const [minutes = '60'] = process.argv.slice(2)

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const history = new Subscriber(
  rabbit,
  logHistory,
  ({ payload }) => console.log(`${payload.at} ${payload.service}: ${payload.text} (${payload.code})`),
  { offset: new Date(Date.now() - Number(minutes) * 60_000), only: ['*.error'] },
)
await history.start()
console.log(`errors of the last ${minutes} minutes`)
