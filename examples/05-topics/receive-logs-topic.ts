import { closeOnSignals, connect, Subscriber } from 'leveret'
import { topicLogs } from './exchange.js'

const patterns = process.argv.slice(2)
if (patterns.length === 0) {
  console.log('Usage: receive-logs-topic.js <facility>.<severity>')
  process.exit(1)
}

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const subscriber = new Subscriber(
  rabbit,
  topicLogs,
  ({ routingKey, payload }) => console.log(` [x] ${routingKey}:'${payload}'`),
  { bindingKeys: patterns },
)
await subscriber.start()
console.log(' [*] Waiting for logs. To exit press CTRL+C')
