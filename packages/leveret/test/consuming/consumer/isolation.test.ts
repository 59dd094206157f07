import { describe, expect } from 'vitest'
import { type BatchItem, Producer, Worker, type WorkerOptions, workQueue } from '../../../src/index.js'
import { stranger } from '../../support/stranger.js'
import { eventually, firstEvent, gate, tasks, test } from '../../support/support.js'
import { Crowd, SUSPECT, suspect } from '../../support/suspects.js'

const numbers = (from: number, to: number): { n: number }[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ n: from + index }))

interface Mode {
  readonly name: string
  readonly options: WorkerOptions<{ n: number }>
  /** @param checked - when it is opened, those from 5 to 8 have been checked */
  payload(checked: Promise<void>): typeof tasks.payload
}

const plain = (): typeof tasks.payload => tasks.payload
const slow = (checked: Promise<void>): typeof tasks.payload =>
  tasks.payload.refine(async ({ n }) => {
    if (n >= 5 && n <= 8) await checked
    return true
  })

const modes: readonly Mode[] = [
  { name: 'one by one', options: { concurrency: 4 }, payload: plain },
  { name: 'in order', options: { concurrency: 4, orderBy: ({ n }) => n % 4 }, payload: plain },
  { name: 'in batches', options: { batch: { size: 4, waitMs: 300 } }, payload: plain },
  { name: 'with a payload that takes its time to check', options: { concurrency: 4 }, payload: slow },
]

describe('a message that came back twice from other processes', () => {
  test.for(modes)(
    'is handled when nothing is unsettled but running handlers, then consuming continues as before, $name',
    async ({ payload, options }, { rabbit, vhost }) => {
      const [running, checked, alone] = [gate(), gate(), gate()]
      const sent = workQueue('tasks', { payload: tasks.payload })
      const contract = workQueue('tasks', { payload: payload(checked.opened) })
      const release = await suspect(rabbit, vhost.url, sent)
      const crowd = new Crowd()
      crowd.hold([1, 2, 3, 4], running.opened)
      crowd.hold([5, 6, 7, 8, SUSPECT], alone.opened)
      const worker = workerOf({ rabbit, contract, crowd, options: { ...options, prefetch: 8 } })
      const isolated = firstEvent(worker, 'delivery.isolated')
      await worker.start()
      const producer = new Producer(rabbit, sent)
      for (const task of numbers(1, 8)) await producer.send(task)
      await eventually(() => expect(crowd.running).toEqual(new Set([1, 2, 3, 4])))
      await eventually(async () => expect(await vhost.consumers()).toHaveLength(2))

      await release()
      await eventually(async () => expect(await vhost.consumers()).toEqual([]), { timeoutMs: 20_000 })
      await producer.sendAll(numbers(9, 12))
      expect(crowd.begun).toHaveLength(4)
      running.open()
      checked.open()
      await isolated
      await eventually(() => expect(crowd.besideSuspect?.filter((n) => n > 4)).toEqual([SUSPECT]))
      await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages_unacknowledged: 1 }))
      expect(crowd.running).toEqual(new Set([SUSPECT]))
      alone.open()
      await eventually(() =>
        expect([...crowd.ended].toSorted((a, b) => a - b)).toEqual(numbers(1, 13).map(({ n }) => n)),
      )
      expect(crowd.begun).toHaveLength(13)

      const together = gate()
      crowd.hold([21, 22, 23, 24], together.opened)
      await producer.sendAll(numbers(21, 24))
      await eventually(() => expect(crowd.mostAfterwards).toBeGreaterThanOrEqual(3))
      together.open()
      await eventually(async () => expect(await vhost.consumers()).toMatchObject([{ prefetch_count: 8 }]))
      await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
      expect(await vhost.queue('tasks.dead-letter')).toMatchObject({ messages: 0 })
    },
  )
})

test('a message that came back twice does not have the other slots wait for a handler that is slow', async ({
  rabbit,
  vhost,
}) => {
  const slow = gate()
  const release = await suspect(rabbit, vhost.url, tasks)
  const crowd = new Crowd()
  crowd.hold([1], slow.opened)
  await new Worker(rabbit, tasks, (task) => crowd.handle(task), { concurrency: 4 }).start()
  const producer = new Producer(rabbit, tasks)
  await producer.send({ n: 1 })
  await eventually(() => expect(crowd.running).toEqual(new Set([1])))
  await release()
  await eventually(() => expect(crowd.besideSuspect).toEqual([1, SUSPECT]))
  await producer.sendAll(numbers(21, 40))
  await eventually(() => expect([...crowd.ended]).toEqual(expect.arrayContaining(numbers(21, 40).map(({ n }) => n))))
  expect(crowd.running).toEqual(new Set([1]))
  slow.open()
  await eventually(async () => expect(await vhost.queue('tasks')).toMatchObject({ messages: 0 }))
})

test('a worker that begins leaves no moment without a consumer: a queue that goes with its last one stays', async ({
  connectTo,
  vhost,
}) => {
  await using other = await stranger(vhost.url)
  await other.channel.assertQueue('legacy', { durable: true, autoDelete: true })
  const legacy = workQueue('legacy', { payload: tasks.payload, retry: false, deadLetter: false })
  const checking = await connectTo({ topology: 'check' })
  await new Producer(checking, legacy).sendAll(numbers(1, 100))
  const seen: number[] = []
  await new Worker(checking, legacy, ({ n }) => void seen.push(n), { prefetch: 10 }).start()
  await eventually(() => expect(seen).toHaveLength(100))
  await eventually(async () => expect(await vhost.consumers()).toMatchObject([{ prefetch_count: 10 }]))
  await eventually(async () => expect(await vhost.queue('legacy')).toMatchObject({ messages: 0, consumers: 1 }))
})

interface Made {
  readonly rabbit: ConstructorParameters<typeof Worker>[0]
  readonly contract: typeof tasks
  readonly crowd: Crowd
  readonly options: WorkerOptions<{ n: number }>
}

function workerOf({
  rabbit,
  contract,
  crowd,
  options: { batch, acknowledge: _, orderBy, ...options },
}: Made): Worker<typeof tasks> {
  if (batch === undefined) {
    return new Worker(rabbit, contract, (task) => crowd.handle(task), { ...options, orderBy })
  }
  const handler = async (items: readonly BatchItem<{ n: number }>[]): Promise<void> => {
    await Promise.all(items.map(({ payload }) => crowd.handle(payload)))
  }
  return new Worker(rabbit, contract, handler, { ...options, batch })
}
