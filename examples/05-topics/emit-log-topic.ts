import { connect, Publisher } from 'leveret'
import { topicLogs } from './exchange.js'

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')

const [key = 'anonymous.info', ...words] = process.argv.slice(2)
const message = words.join(' ') || 'Hello World!'
await new Publisher(rabbit, topicLogs).publish(key, message)
console.log(` [x] Sent ${key}:'${message}'`)
