import { connect, Worker } from 'leveret'
import { hello } from './queue.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')

const receiver = new Worker(rabbit, hello, (message) => {
  console.log(` [x] Received ${message}`)
})
await receiver.start()
console.log(' [*] Waiting for messages in hello. To exit press CTRL+C')

process.once('SIGINT', () => rabbit.close())
