import { services } from '@acme/contracts'
import { connect, declare } from 'leveret'

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
await declare(rabbit, services)
console.log(`declared ${services.map(({ name, version }) => `${name} ${version}`).join(', ')}`)
