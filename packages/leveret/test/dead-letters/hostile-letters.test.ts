import { expect } from 'vitest'
import { DeadLetters, type PublishError } from '../../src/index.js'
import { fuzzed } from '../publishing/fuzz/deliveries.js'
import { long, publishRaw, shortText, table, tagged, unsigned } from '../publishing/fuzz/wire.js'
import { DEAD_LETTER_ARGUMENTS, drain } from '../support/letters.js'
import { Random } from '../support/random.js'
import { stranger } from '../support/stranger.js'
import { tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

const LETTERS = 150
const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 32)
const QUEUE = 'tasks.dead-letter'
const DECLARED = { arguments: DEAD_LETTER_ARGUMENTS }

forbidSurprises()

test('a letter that says to be worn and cannot be copied is shown all the same, and keeps no other from it', async ({
  rabbit,
  vhost,
}) => {
  await using other = await stranger(vhost.url)
  await other.channel.assertQueue(QUEUE, DECLARED)
  const filler: readonly [string, Buffer] = ['filler', tagged('S', long(Buffer.alloc(100_000, 'x')))]
  const worn: readonly [string, Buffer] = ['x-delivery-count', tagged('I', unsigned(4, 15))]
  for (const [messageId, entries] of Object.entries({ m1: [filler, worn], m2: [worn], m3: [filler], m4: [] })) {
    publishRaw(other.channel, {
      exchange: '',
      routingKey: Buffer.from(QUEUE),
      content: Buffer.from('{"n":1}'),
      properties: { messageId: shortText(messageId), headers: table(entries) },
    })
  }
  await other.channel.checkQueue(QUEUE)
  const letters = new DeadLetters(rabbit, tasks)
  for (let look = 0; look < 3; look += 1) {
    const shown = await letters.peek()
    expect(shown.map(({ messageId }) => messageId).sort()).toEqual(['m1', 'm2', 'm3', 'm4'])
  }
  expect((await drain(rabbit, QUEUE)).sort()).toEqual(['m1', 'm2', 'm3', 'm4'])
})

test('whatever is in a dead-letter queue is shown, and a replay sends it, or leaves it and all after it', async ({
  rabbit,
  vhost,
}) => {
  console.log(`LEVERET_SEED=${SEED}`)
  const random = new Random(SEED)
  await using other = await stranger(vhost.url)
  await other.channel.assertQueue(QUEUE, DECLARED)
  await other.channel.assertQueue('bystander')
  const routes = [{ exchange: '', routingKey: Buffer.from(QUEUE) }]
  const published = Array.from({ length: LETTERS }, (_, n) => fuzzed(random, n, { routes, deaths: 'odd' }))
  const lasting = published.filter(({ expires }) => !expires)
  for (const { message } of lasting) publishRaw(other.channel, message)
  await other.channel.checkQueue(QUEUE)
  const ids = lasting.map(({ id }) => id).sort()
  const letters = new DeadLetters(rabbit, tasks)
  const shown = await letters.peek({ limit: 1_000 })
  expect(shown.map(({ messageId }) => messageId).sort()).toEqual(ids)

  const stuck = new Set<string | undefined>()
  for (let failure: unknown = 'none yet'; failure !== undefined; ) {
    const filter = ({ messageId }: { messageId: string | undefined }): boolean => !stuck.has(messageId)
    failure = await letters.replay({ filter, includeUnknown: true }).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failure === undefined) break
    expect(failure).toMatchObject({ name: 'PublishError', outcome: 'not-sent', retryable: false })
    const { messageId } = failure as PublishError
    expect(stuck).not.toContain(messageId)
    stuck.add(messageId)
  }
  console.log(`${stuck.size} of ${ids.length} cannot be sent`)
  expect((await drain(rabbit, QUEUE)).concat(await drain(rabbit, 'tasks')).sort()).toEqual(ids)
})
