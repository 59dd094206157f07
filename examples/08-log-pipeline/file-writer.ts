import { appendFile } from 'node:fs/promises'
import { closeOnSignals, connect, Subscriber } from 'leveret'
import { logFile } from './contracts.js'

// Usage: file-writer <file>. Its queue keeps what comes while it does not run, so the file misses nothing.
const [file = 'log-lines.ndjson'] = process.argv.slice(2)

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const writer = new Subscriber(
  rabbit,
  logFile,
  async ({ payload }, { messageId }) => {
    // A line may come twice, under one id; a reader of the file sees the id.
    await appendFile(file, `${JSON.stringify({ messageId, ...payload })}\n`)
  },
  // Lines stand in the order in which they came.
  { concurrency: 1, prefetch: 100 },
)
await writer.start()
console.log(`writing to ${file}`)
