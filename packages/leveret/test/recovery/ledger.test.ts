import { describe, expect } from 'vitest'
import { z } from 'zod'
import { connect, Producer, PublishError, text, workQueue } from '../../src/index.js'
import { eventually, test } from '../support/support.js'

/** A short run in every suite; `LEVERET_LEDGER_KILLS=20 LEVERET_LEDGER_PUBLISHES=50000` is the long one. */
const KILLS = Number(process.env.LEVERET_LEDGER_KILLS ?? 3)
const PUBLISHES = Number(process.env.LEVERET_LEDGER_PUBLISHES ?? 6_000)
const AT_ONCE = 100

const entries = workQueue('ledger', { payload: z.string(), codec: text })

/** What a publisher knows of each of its messages. */
class Ledger {
  readonly confirmed = new Set<string>()
  readonly failed = new Map<string, string>()

  enter(id: string, error: unknown): void {
    if (error === undefined) this.confirmed.add(id)
    else this.failed.set(id, error instanceof PublishError ? error.outcome : String(error))
  }

  get settled(): number {
    return this.confirmed.size + this.failed.size
  }
}

/** Empties the queue. @returns each stored id and how often it is there */
async function drain(url: string): Promise<Map<string, number>> {
  const { Worker } = await import('../../src/index.js')
  await using rabbit = await connect(url)
  const stored = new Map<string, number>()
  let last = performance.now()
  const worker = new Worker(
    rabbit,
    entries,
    (_text, { messageId = '' }) => {
      stored.set(messageId, (stored.get(messageId) ?? 0) + 1)
      last = performance.now()
    },
    { concurrency: 500 },
  )
  await worker.start()
  await eventually(() => expect(performance.now() - last).toBeGreaterThan(2_000), { timeoutMs: 120_000 })
  return stored
}

describe('a ledger', () => {
  test(
    `over ${KILLS} kills of the broker under load: no confirmed message is missing, and every send settles`,
    async ({ ownBroker }) => {
      const rabbit = await connect(ownBroker.url)
      const producer = new Producer(rabbit, entries)
      const ledger = new Ledger()
      let next = 0
      let done = false
      const publisher = async (): Promise<void> => {
        while (next < PUBLISHES || !done) {
          const id = `m${next++}`
          await producer.send(id, { messageId: id }).then(
            () => ledger.enter(id, undefined),
            (error: unknown) => ledger.enter(id, error),
          )
        }
      }
      await producer.send('first', { messageId: 'first' })
      // RabbitMQ 3.10 loses the leader of a queue that it declared less than a second before a kill.
      await ownBroker.restart()
      const publishers = Array.from({ length: AT_ONCE }, publisher)
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const wanted = ledger.settled + Math.ceil(PUBLISHES / KILLS)
        await eventually(() => expect(ledger.settled).toBeGreaterThan(wanted), { timeoutMs: 90_000 })
        await ownBroker.kill()
        await ownBroker.start()
      }
      done = true
      await Promise.all(publishers)
      await rabbit.close()
      expect(ledger.settled).toBe(next)

      const stored = await drain(ownBroker.url)
      const missing = [...ledger.confirmed].filter((id) => !stored.has(id))
      const notSentButStored = [...ledger.failed].filter(([id, outcome]) => outcome === 'not-sent' && stored.has(id))
      const duplicates = [...stored.values()].filter((count) => count > 1).length
      console.log(
        `ledger: ${next} sends, ${KILLS} kills: ${ledger.confirmed.size} confirmed, ${ledger.failed.size} failed, ` +
          `${missing.length} missing, ${duplicates} stored twice under one id`,
      )
      expect({ missing, notSentButStored }).toEqual({ missing: [], notSentButStored: [] })
      expect(duplicates).toBeLessThanOrEqual(KILLS * AT_ONCE)
      expect(new Set(stored.keys())).toEqual(
        new Set([...stored.keys()].filter((id) => id === 'first' || /^m\d+$/.test(id))),
      )
    },
    KILLS * 60_000 + 180_000,
  )
})

test('a million sends to a broker that is away: memory stays within the bounds, and the surplus is refused', async ({
  connectTo,
  proxy,
  vhost,
}) => {
  const rabbit = await connectTo({ publishTimeoutMs: 5_000 }, proxy.urlFor(vhost.url))
  const producer = new Producer(rabbit, entries)
  await producer.send('x')
  proxy.refuse()
  proxy.reset()
  await eventually(() => expect(rabbit.state).toBe('reconnecting'))
  const payload = 'x'.repeat(200)
  const outcomes = new Map<string, number>()
  const count = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  const before = process.memoryUsage().rss
  let highest = before
  const pending: Promise<void>[] = []
  for (let batch = 0; batch < 1_000; batch += 1) {
    for (let n = 0; n < 1_000; n += 1) {
      const sent = producer.send(payload).then(
        () => count('sent'),
        (error: PublishError) => count(error.outcome),
      )
      if (batch < 11) pending.push(sent)
    }
    // Lets refusals be delivered, as any program that awaits anything does.
    await new Promise(setImmediate)
    highest = Math.max(highest, process.memoryUsage().rss)
  }
  await Promise.all(pending)
  await eventually(() => expect([...outcomes.values()].reduce((sum, value) => sum + value, 0)).toBe(1_000_000))
  const grownMiB = Math.round((highest - before) / 2 ** 20)
  console.log(
    `a million sends: ${JSON.stringify(Object.fromEntries(outcomes))}, resident memory grew by ${grownMiB} MiB`,
  )
  expect([...outcomes.keys()]).toEqual(['not-sent'])
  expect(grownMiB).toBeLessThan(300)
}, 120_000)
