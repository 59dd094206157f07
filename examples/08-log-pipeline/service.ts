import { connect, Publisher } from 'leveret'
import { logLines } from './contracts.js'

// Usage: service <name>. A service that logs what it does: one line of each level.
const [service = 'shop'] = process.argv.slice(2)

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
const publisher = new Publisher(rabbit, logLines)
const about = (text: string): { service: string; text: string; at: string } => ({
  service,
  text,
  at: new Date().toISOString(),
})

// The compiler knows that an error has a code, and that `<service>.debug` is never published.
await publisher.publish(`${service}.info`, about('an order came in'))
await publisher.publish(`${service}.warning`, about('the stock is low'))
await publisher.publish(`${service}.error`, { ...about('the payment was refused'), code: 402 })
console.log(`${service}: 3 lines logged`)
