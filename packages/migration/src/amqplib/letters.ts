import { connect, DeadLetters } from 'leveret'
import { orders } from './contracts.js'

// Usage: letters [replay]
await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
const letters = new DeadLetters(rabbit, orders)
for (const letter of await letters.peek()) {
  const { orderId } = await letter.payload()
  console.log(`${orderId}: ${letter.reason}, ${letter.error?.message ?? 'by another program'}`)
}
if (process.argv[2] === 'replay') console.log(`replayed ${(await letters.replay()).replayed}`)
