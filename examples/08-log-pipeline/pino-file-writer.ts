import { appendFile } from 'node:fs/promises'
import { closeOnSignals, connect, Subscriber } from 'leveret'
import { appLogFile } from './pino-contracts.js'

// Usage: pino-file-writer <file>. Writes the lines of services that log with pino, a batch at a time.
const [file = 'app-logs.ndjson'] = process.argv.slice(2)

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)

const writer = new Subscriber(
  rabbit,
  appLogFile,
  async (items) => {
    const lines = items.map(
      ({ event, delivery }) => `${JSON.stringify({ messageId: delivery.messageId, ...event.payload })}\n`,
    )
    await appendFile(file, lines.join(''))
  },
  { batch: { size: 500, waitMs: 100 } },
)
await writer.start()
console.log(`writing to ${file}`)
