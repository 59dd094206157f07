import { workQueue } from 'leveret'
import { expect } from 'vitest'
import { z } from 'zod'
import { eventually, type Side, task, tasksOf, test } from './versions.js'

const send = async ({ leveret, rabbit }: Side, contract: Parameters<typeof tasksOf>[0] | ReturnType<typeof tasksOf>) =>
  await new leveret.Producer(rabbit, contract as ReturnType<typeof tasksOf>).send({ n: 1 })

test('HEAD declares what the last release declared: work queues of each kind, and exchanges', async ({
  before,
  now,
}) => {
  const kinds = [
    { queue: {} },
    { queue: { type: 'classic' } },
    { queue: { singleActive: true } },
    { queue: { settings: 'policy' } },
    { queue: { arguments: { 'x-queue-type': 'quorum', 'x-max-length': 9 } } },
  ] as const
  for (const [index, { queue }] of kinds.entries()) {
    for (const side of [before, now, before]) {
      const { leveret, rabbit } = side
      const contract = leveret.workQueue(`kind-${index}`, { payload: task, deadLetter: false, queue })
      expect(await new leveret.Producer(rabbit, contract).send({ n: index })).toHaveProperty('messageId')
    }
  }
  for (const { leveret, rabbit } of [before, now, before]) {
    const direct = leveret.directExchange('direct', { one: z.string() })
    const headers = leveret.headersExchange('headers', { payload: z.string(), headers: z.object({ of: z.string() }) })
    await new leveret.Publisher(rabbit, direct).publish('one', 'text')
    await new leveret.Publisher(rabbit, headers).publish({ of: 'x' }, 'text')
  }
})

test('a delay queue of one is that of the other', async ({ before, now, vhost }) => {
  for (const side of [before, now, before]) {
    const { leveret, rabbit } = side
    const worker = new leveret.Worker(rabbit, tasksOf(side), () => {
      throw new Error('not yet')
    })
    await worker.start()
    await send(side, tasksOf(side))
    await eventually(async () => expect(await vhost.queue('tasks.retry.300')).toBeDefined())
    await worker.close()
  }
})

test('a dead-letter queue of the last release is refused with advice, and taken as it is with that', async ({
  before,
  now,
}) => {
  const usual = { payload: task, retry: { delaysMs: [300] } } as const
  await send(before, before.leveret.workQueue('tasks', usual))
  await expect(send(now, workQueue('tasks', usual))).rejects.toMatchObject({ name: 'TopologyMismatchError' })
  const existing = { ...usual, deadLetter: { queue: 'tasks.dead-letter', existing: true } } as const
  expect(await send(now, workQueue('tasks', existing))).toHaveProperty('messageId')
  const same = { ...usual, deadLetter: { arguments: { 'x-queue-type': 'quorum' } } } as const
  expect(await send(now, workQueue('tasks', same))).toHaveProperty('messageId')
})

test('the last release refuses a dead-letter queue of HEAD, unless HEAD declares it as that did', async ({
  before,
  now,
}) => {
  const usual = { payload: task, retry: { delaysMs: [300] } } as const
  await send(now, workQueue('tasks', usual))
  await expect(send(before, before.leveret.workQueue('tasks', usual))).rejects.toMatchObject({
    name: 'TopologyMismatchError',
  })
  const same = { ...usual, deadLetter: { arguments: { 'x-queue-type': 'quorum' } } } as const
  await send(now, workQueue('others', same))
  expect(await send(before, before.leveret.workQueue('others', usual))).toHaveProperty('messageId')
})
