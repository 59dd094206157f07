import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { z } from 'zod'
import { connect, type Delivery, Producer, Reject, Retry, text, Worker, workQueue } from '../../src/index.js'
import { DEAD_LETTER_ARGUMENTS } from '../support/letters.js'
import { Random } from '../support/random.js'
import { saveQueues } from '../support/saved.js'
import { eventually, test } from '../support/support.js'

/** A short run in every suite; `LEVERET_WORKER_KILLS=20` is the long one, `LEVERET_SEED` makes its choices again. */
const KILLS = Number(process.env.LEVERET_WORKER_KILLS ?? 2)
const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 1_000_000)
const PREFETCH = 50
const SENDERS = 20
/** What is sent and handled between two kills. */
const A_WHILE = 300
const READY = { timeoutMs: 60_000 }
/** RabbitMQ tries again after three minutes to move on what has expired while its work queue had no leader yet. */
const ALL_BACK = { timeoutMs: 300_000 }

const entries = workQueue('entries', { payload: z.string(), codec: text, retry: { delaysMs: [50, 100, 200] } })
/** What another worker makes of the dead letters. */
const letters = workQueue('entries.dead-letter', {
  payload: z.string(),
  codec: text,
  queue: { arguments: DEAD_LETTER_ARGUMENTS },
  retry: false,
  deadLetter: false,
})

class Counts extends Map<string, number> {
  add(id: string): void {
    this.set(id, (this.get(id) ?? 0) + 1)
  }

  /** How many were counted more than once, each time but the first. */
  get surplus(): number {
    return [...this.values()].reduce((sum, count) => sum + count - 1, 0)
  }
}

/** Succeeds mostly, and else fails in every way there is. */
function unreliable(random: Random, succeeded: Counts, ended: Counts) {
  const ways: Record<string, (signal: AbortSignal) => Promise<void> | void> = {
    'succeeded at once': () => undefined,
    'succeeded later': async () => await delay(random.below(30)),
    threw: () => {
      throw new Error('failed')
    },
    'was rejected': () => {
      throw new Reject('never')
    },
    'chose its delay': () => {
      throw new Retry({ afterMs: 0 })
    },
    'timed out': async (signal) => await delay(60_000, undefined, { signal }),
  }
  const often = ['succeeded at once', 'succeeded later', 'succeeded later', 'threw', 'threw', 'threw']
  const all = [...often, ...often, ...Object.keys(ways)]
  return async (_text: string, { messageId = '', signal }: Delivery): Promise<void> => {
    const way = all[random.below(all.length)] ?? 'threw'
    ended.add(way)
    await ways[way]?.(signal)
    succeeded.add(messageId)
  }
}

test(
  `a worker's ledger over ${KILLS} kills of the broker (seed ${SEED}): every confirmed task was done or is a dead letter, and few were done twice`,
  async ({ ownBroker }) => {
    const random = new Random(SEED)
    const [succeeded, ended, dead] = [new Counts(), new Counts(), new Counts()]
    const rabbit = await connect(ownBroker.url)
    const worker = new Worker(rabbit, entries, unreliable(random, succeeded, ended), {
      concurrency: PREFETCH,
      handlerTimeoutMs: 150,
    })
    await worker.start()
    const producer = new Producer(rabbit, entries)
    const confirmed: string[] = []
    let [sent, stopped] = [0, false]
    const sender = async (): Promise<void> => {
      while (!stopped) {
        const messageId = `m${sent++}`
        await producer.send('x', { messageId }).then(
          () => confirmed.push(messageId),
          () => undefined,
        )
        await delay(random.below(50))
      }
    }
    const senders = Array.from({ length: SENDERS }, sender)
    const moreIsDone = async (): Promise<void> => {
      const [wantedSent, wantedDone] = [confirmed.length + A_WHILE, succeeded.size + A_WHILE]
      await eventually(() => {
        expect(confirmed.length).toBeGreaterThan(wantedSent)
        expect(succeeded.size).toBeGreaterThan(wantedDone)
      }, READY)
    }
    await moreIsDone()
    await eventually(() => expect(ended.size).toBe(6))
    await saveQueues(ownBroker)
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await ownBroker.kill()
      await ownBroker.start()
      await moreIsDone()
    }
    stopped = true
    await Promise.all(senders)

    await new Worker(rabbit, letters, (_text, { messageId = '' }) => dead.add(messageId), { concurrency: 500 }).start()
    const missing = (): string[] => confirmed.filter((id) => !succeeded.has(id) && !dead.has(id))
    await eventually(() => expect(missing()).toHaveLength(0), ALL_BACK).catch(() => undefined)
    console.log(
      `worker's ledger (${ownBroker.version}): ${KILLS} kills, ${confirmed.length} of ${sent} sends confirmed, ${succeeded.size} done, ` +
        `${dead.size} dead letters, ${missing().length} missing, ${succeeded.surplus} done twice; ${JSON.stringify(Object.fromEntries(ended))}`,
    )
    expect(missing()).toEqual([])
    expect(succeeded.surplus).toBeLessThanOrEqual(KILLS * (PREFETCH + SENDERS))
    await rabbit.close()
  },
  KILLS * 60_000 + 500_000,
)
