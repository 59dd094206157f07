import { expect } from 'vitest'
import { connect, Producer, Worker, workQueue } from '../../src/index.js'
import { clearAlarm, raiseAlarm } from '../support/alarm.js'
import { drain } from '../support/letters.js'
import { eventually, tasks, test } from '../support/support.js'

const TASKS = 60
const CONCURRENCY = 5

const failing = workQueue('failing', { payload: tasks.payload, retry: { delaysMs: [100] } })

test('a worker whose every handler fails during an alarm holds what failed, says why, and goes on when the alarm ends', async ({
  ownBroker,
}) => {
  await using rabbit = await connect(ownBroker.url)
  const calls: string[] = []
  const done: number[] = []
  const worker = new Worker(
    rabbit,
    failing,
    ({ n }, { attempt }) => {
      calls.push(`${n} attempt ${attempt}`)
      if (attempt === 1 || n % 2 === 0) throw new Error('failed')
      done.push(n)
    },
    { concurrency: CONCURRENCY },
  )
  const producer = new Producer(rabbit, failing)
  const ids = await Promise.all(
    Array.from({ length: TASKS }, (_, n) => producer.send({ n }, { messageId: `task ${n}` })),
  )
  await raiseAlarm(ownBroker)
  await worker.start()

  await eventually(() => expect(rabbit.health()).toMatchObject({ state: 'blocked' }))
  // This one waits two seconds in vain: time enough for a hot loop, were there one.
  await expect(producer.send({ n: -1 }, { timeoutMs: 2_000 })).rejects.toMatchObject({ outcome: 'not-sent' })
  // A subscription with isolation holds one above its prefetch at first.
  expect(calls.length).toBeLessThanOrEqual(CONCURRENCY + 1)
  // All of them are still where they came from: none is acknowledged whose copy is not stored.
  await eventually(async () =>
    expect(await ownBroker.management.queue('/', 'failing')).toMatchObject({
      messages: TASKS,
      // A subscription holds one above its prefetch at first.
      messages_unacknowledged: CONCURRENCY + 1,
    }),
  )
  const why = expect.stringMatching(/accepts no publishes.*memory/)
  expect(rabbit.health()).toMatchObject({
    live: true,
    ready: false,
    why,
    lanes: { publish: { state: 'blocked', why }, consume: { state: 'ready' } },
  })
  const role = rabbit.health().roles.find(({ role }) => role === 'worker')
  expect(role).toMatchObject({ attached: true, inFlight: 0 })

  await clearAlarm(ownBroker)
  await eventually(() => expect(calls).toHaveLength(2 * TASKS), { timeoutMs: 30_000 })
  await eventually(async () =>
    expect(await ownBroker.management.queue('/', 'failing.dead-letter')).toMatchObject({ messages: TASKS / 2 }),
  )
  expect(new Set(calls).size).toBe(2 * TASKS)
  const dead = await drain(rabbit, 'failing.dead-letter')
  expect([...dead, ...done.map((n) => `task ${n}`)].sort()).toEqual(ids.map(({ messageId }) => messageId).sort())
  await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }))
  await eventually(async () => expect(await ownBroker.management.queue('/', 'failing')).toMatchObject({ messages: 0 }))
}, 120_000)
