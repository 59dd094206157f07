import { readFile, rename, writeFile } from 'node:fs/promises'
import { closeOnSignals, connect, type OffsetStore, Subscriber } from 'leveret'
import { z } from 'zod'
import { logHistory } from './contracts.js'

// Usage: statistics <file>. Counts the lines of each routing key, from the first that the stream keeps on. It may be killed at any moment:
// the counts and the offset up to which they count are one file, so no line counts twice and none is left out.
const [file = 'statistics.json'] = process.argv.slice(2)

const saved = z.object({ offset: z.int(), counts: z.record(z.string(), z.int()) }).optional()
const stored = saved.parse(await readFile(file, 'utf8').then(JSON.parse, () => undefined))
const counts = { ...stored?.counts }
let next = stored?.offset ?? 0

// The handler saves the offset together with what it has counted. Nothing is left to do here.
const store: OffsetStore = { load: async () => stored?.offset, save: async () => undefined }

const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
closeOnSignals(rabbit)
const reader = new Subscriber(
  rabbit,
  logHistory,
  async (lines) => {
    for (const { event: line, delivery } of lines) {
      // A batch whose file could not be written comes again.
      if (delivery.offset < next) continue
      counts[line.routingKey] = (counts[line.routingKey] ?? 0) + 1
      next = delivery.offset + 1
    }
    await writeFile(`${file}.new`, JSON.stringify({ offset: next, counts } satisfies z.infer<typeof saved>))
    await rename(`${file}.new`, file)
    console.log(`counted up to ${next}`)
  },
  { offset: 'first', store, batch: { size: 1_000, waitMs: 100 } },
)
await reader.start()
