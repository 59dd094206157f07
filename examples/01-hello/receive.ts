import { closeOnSignals, connect, Worker } from 'leveret'
import { hello } from './queue.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const receiver = new Worker(rabbit, hello, (message) => {
  console.log(` [x] Received ${message}`)
})
await receiver.start()
console.log(' [*] Waiting for messages in hello. To exit press CTRL+C')
