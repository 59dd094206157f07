import { connect, Producer } from 'leveret'
import { confirmed } from './queue.js'

const MESSAGES = 1_000
const BATCH = 100

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
const producer = new Producer(rabbit, confirmed)
const messages = Array.from({ length: MESSAGES }, (_, n) => `message ${n}`)

// Every send waits for the broker's confirm. Waiting for each one in turn is the simplest way, and the slowest.
await measure('individually', async () => {
  for (const message of messages) await producer.send(message)
})

// A batch at a time: one that fails rejects with what is known of it.
await measure(`in batches of ${BATCH}`, async () => {
  for (let first = 0; first < MESSAGES; first += BATCH) {
    await Promise.all(messages.slice(first, first + BATCH).map((message) => producer.send(message)))
  }
})

// As fast as the broker confirms, with bounded memory, whatever the source.
await measure('asynchronously', async () => {
  const { sent } = await producer.sendAll(messages)
  if (sent !== MESSAGES) throw new Error(`only ${sent} of ${MESSAGES} were confirmed`)
})

async function measure(how: string, publish: () => Promise<void>): Promise<void> {
  const started = performance.now()
  await publish()
  console.log(`Published ${MESSAGES} messages ${how} in ${Math.round(performance.now() - started)} ms`)
}
