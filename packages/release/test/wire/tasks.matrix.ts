import { describe, expect } from 'vitest'
import { eventually, type Side, type Tasks, tasksOf, test } from './versions.js'

interface Seen {
  readonly n: number
  readonly attempt: number
  readonly messageId: string | undefined
  readonly mine: unknown
}

/** Works on `tasks` until it gets the command to close. */
async function workerOf(side: Side, handler: (n: number, attempt: number) => void) {
  const seen: Seen[] = []
  const worker = new side.leveret.Worker(side.rabbit, tasksOf(side), ({ n }, { attempt, messageId, headers }) => {
    seen.push({ n, attempt, messageId, mine: headers.mine })
    handler(n, attempt)
  })
  await worker.start()
  return { seen, worker }
}

const producerOf = (side: Side) => new side.leveret.Producer(side.rabbit, tasksOf(side))
const nothing = (): void => undefined
const fail = (): never => {
  throw new Error('not yet')
}

describe.for([
  ['the last release', 'HEAD'],
  ['HEAD', 'the last release'],
] as const)('from %s to %s', ([from]) => {
  const sidesOf = (before: Side, now: Side): [one: Side, other: Side] =>
    from === 'HEAD' ? [now, before] : [before, now]

  test('a task is handled as what was sent', async ({ before, now }) => {
    const [one, other] = sidesOf(before, now)
    const { messageId } = await producerOf(one).send({ n: 1 }, { headers: { mine: 'kept' } })
    const { seen } = await workerOf(other, nothing)
    await eventually(() => expect(seen).toEqual([{ n: 1, attempt: 1, messageId, mine: 'kept' }]))
  })

  test('a delayed task comes, as a first attempt', async ({ before, now }) => {
    const [one, other] = sidesOf(before, now)
    const { messageId } = await producerOf(one).send({ n: 1 }, { delayMs: 1_000, headers: { mine: 'kept' } })
    const { seen } = await workerOf(other, nothing)
    await eventually(() => expect(seen).toEqual([{ n: 1, attempt: 1, messageId, mine: 'kept' }]))
  })

  test('an attempt that has failed is counted by the next worker', async ({ before, now }) => {
    const [one, other] = sidesOf(before, now)
    const first = await workerOf(one, fail)
    const { messageId } = await producerOf(one).send({ n: 1 }, { headers: { mine: 'kept' } })
    await eventually(() => expect(first.seen).toHaveLength(1))
    await first.worker.close()
    const { seen } = await workerOf(other, nothing)
    await eventually(() => expect(seen).toEqual([{ n: 1, attempt: 2, messageId, mine: 'kept' }]))
  })

  test('what is given up is a dead letter to both, and its replay a first attempt', async ({ before, now }) => {
    const [one, other] = sidesOf(before, now)
    const failing = await workerOf(one, fail)
    const { messageId } = await producerOf(one).send({ n: 1 }, { headers: { mine: 'kept' } })
    const letters = new other.leveret.DeadLetters<Tasks>(other.rabbit, tasksOf(other))
    await eventually(async () => expect(await letters.count()).toBe(1))
    await failing.worker.close()
    expect(await letters.peek()).toMatchObject([
      { queue: 'tasks', reason: 'attempts-exhausted', attempts: 3, messageId, error: { message: 'not yet' } },
    ])
    expect(await letters.replay()).toMatchObject({ replayed: 1 })
    const { seen } = await workerOf(one, nothing)
    await eventually(() => expect(seen).toEqual([{ n: 1, attempt: 1, messageId, mine: 'kept' }]))
  })
})

test('workers of both versions share one queue, and every task is done', async ({ before, now }) => {
  const failsOnce = (_n: number, attempt: number): void => {
    if (attempt === 1) fail()
  }
  const [one, other] = [await workerOf(before, failsOnce), await workerOf(now, failsOnce)]
  const numbers = Array.from({ length: 40 }, (_, n) => n)
  for (const n of numbers) await producerOf(n % 2 === 0 ? before : now).send({ n })
  const done = () => [...one.seen, ...other.seen].filter(({ attempt }) => attempt === 2).map(({ n }) => n)
  await eventually(() => expect(done().sort((a, b) => a - b)).toEqual(numbers))
})
