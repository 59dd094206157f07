import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'vitest'
import { Producer, Worker, workQueue } from '../../../src/index.js'
import { eventually, tasks, test } from '../../support/support.js'

const DELAYS_MS = [300, 600, 1_000, 1_500]
/** One that a busy machine holds up says nothing of the delay; the middle one of several does. */
const TASKS = 5

interface Attempt {
  readonly attempt: number
  readonly began: number
  readonly ended: number
}

/** From the end of each attempt to the beginning of the next. */
function gapsOf(attempts: readonly Attempt[]): number[] {
  return attempts.slice(1).map(({ began }, index) => began - (attempts[index]?.ended ?? Number.NaN))
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((one, other) => one - other)
}

test.for(['quorum', 'classic'] as const)(
  'a handler that always fails sees the attempts 1, 2, 3, 4, 5, each after its delay and none before it (%s)',
  async (type, { rabbit, broker, vhost }) => {
    const failing = workQueue('failing', { payload: tasks.payload, queue: { type }, retry: { delaysMs: DELAYS_MS } })
    const made = Array.from({ length: TASKS }, (): Attempt[] => [])
    const worker = new Worker(rabbit, failing, async ({ n }, { attempt }) => {
      const began = performance.now()
      await delay(20)
      made[n]?.push({ attempt, began, ended: performance.now() })
      throw new Error('always')
    })
    let dead = 0
    worker.on('delivery.dead-lettered', () => {
      dead += 1
    })
    await worker.start()
    const producer = new Producer(rabbit, failing)
    for (const [n, attempts] of made.entries()) {
      await producer.send({ n })
      // One after another, so that one hold-up does not meet all of them.
      await eventually(() => expect(attempts).toHaveLength(2))
    }
    await eventually(() => expect(dead).toBe(TASKS), { timeoutMs: 30_000 })

    for (const attempts of made) expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5])
    const gaps = made.map(gapsOf)
    const byDelay = DELAYS_MS.map((_, index) => sorted(gaps.flatMap((of) => of[index] ?? [])).map(Math.round))
    const [shortest, middle, longest] = [0, Math.floor(TASKS / 2), TASKS - 1].map((at) => byDelay.map((of) => of[at]))
    console.log(
      `attempts (${broker.version}, ${type}): delays of ${DELAYS_MS} ms came after ${middle} (${shortest} to ${longest})`,
    )
    for (const [index, delayMs] of DELAYS_MS.entries()) {
      expect(shortest?.[index]).toBeGreaterThanOrEqual(delayMs - 1)
      expect(middle?.[index]).toBeLessThan(delayMs * 1.2 + 300)
    }
    await eventually(async () => expect(await vhost.queue('failing.dead-letter')).toMatchObject({ messages: TASKS }))
  },
)
