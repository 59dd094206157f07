import { connect, Producer } from 'leveret'
import { taskQueue } from './queue.js'

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')

const task = process.argv.slice(2).join(' ') || 'Hello World!'
await new Producer(rabbit, taskQueue).send(task)
console.log(` [x] Sent '${task}'`)
