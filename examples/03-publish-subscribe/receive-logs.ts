import { closeOnSignals, connect, Subscriber } from 'leveret'
import { logs } from './exchange.js'

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

// Without a name its queue is its own, and goes with its connection.
const subscriber = new Subscriber(rabbit, logs, ({ payload }) => {
  console.log(` [x] ${payload}`)
})
await subscriber.start()
console.log(` [*] Waiting for messages in ${subscriber.queueName}. To exit press CTRL+C`)
