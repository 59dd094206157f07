import { closeOnSignals, connect, Subscriber } from 'leveret'
import { directLogs } from './exchange.js'

const severities = process.argv.slice(2)
if (severities.length === 0) {
  console.log('Usage: receive-logs-direct.js [info] [warning] [error]')
  process.exit(1)
}

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const subscriber = new Subscriber(
  rabbit,
  directLogs,
  ({ routingKey, payload }) => console.log(` [x] ${routingKey}: '${payload}'`),
  { bindingKeys: severities },
)
await subscriber.start()
console.log(' [*] Waiting for logs. To exit press CTRL+C')
