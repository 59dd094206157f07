import { parseArgs } from 'node:util'
import { connect, DeadLetters, type LetterFilter } from 'leveret'
import { thumbnails } from './contracts.js'

// Usage: letters list | replay | discard [--dry-run] [--error <text>]
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { 'dry-run': { type: 'boolean', default: false }, error: { type: 'string', default: '' } },
})
const [command = 'list'] = positionals
const dryRun = values['dry-run']
const filter: LetterFilter<typeof thumbnails> = ({ error }) => error?.message.includes(values.error) ?? false

await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
const letters = new DeadLetters(rabbit, thumbnails)

if (command === 'list') {
  console.log(`${await letters.count()} letters`)
  for (const letter of await letters.peek({ limit: 100 })) {
    // A letter may be there because its payload does not fit.
    const what = await letter.payload().then(({ imageId, widthPx }) => `${imageId} at ${widthPx} px`, String)
    console.log(`${what}: ${letter.reason} after ${letter.attempts} attempts: ${letter.error?.message}`)
  }
} else if (command === 'replay') {
  const { replayed, skipped } = await letters.replay({ filter, dryRun })
  console.log(`${dryRun ? 'would replay' : 'replayed'} ${replayed}, skipped ${skipped}`)
} else if (command === 'discard') {
  const { discarded, skipped } = await letters.discard({ filter, dryRun })
  console.log(`${dryRun ? 'would discard' : 'discarded'} ${discarded}, skipped ${skipped}`)
} else {
  throw new Error('Usage: letters list | replay | discard [--dry-run] [--error <text>]')
}
