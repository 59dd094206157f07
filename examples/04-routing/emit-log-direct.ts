import { connect, Publisher } from 'leveret'
import { directLogs } from './exchange.js'

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')

const [severity = 'info', ...words] = process.argv.slice(2)
const message = words.join(' ') || 'Hello World!'
// Any other severity is refused, because no template of the contract matches it.
await new Publisher(rabbit, directLogs).publish(severity, message)
console.log(` [x] Sent ${severity}: '${message}'`)
