import { connect, Publisher } from 'leveret'
import { logs } from './exchange.js'

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')

const message = process.argv.slice(2).join(' ') || 'Hello World!'
await new Publisher(rabbit, logs).publish(message)
console.log(` [x] Sent ${message}`)
