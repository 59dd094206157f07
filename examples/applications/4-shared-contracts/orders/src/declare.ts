import { services } from '@acme/contracts'
import { connect, declare } from 'leveret'

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
for (const service of services) await declare(rabbit, service)
console.log(`declared ${services.map(({ name, version }) => `${name} ${version}`).join(', ')}`)
