import { connect, Producer } from 'leveret'
import { hello } from './queue.js'

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')

await new Producer(rabbit, hello).send('Hello World!')
console.log(' [x] Sent Hello World!')
