import { describe, expect } from 'vitest'
import { Producer, Worker, workQueue } from '../../src/index.js'
import { type Stranger, stranger } from '../support/stranger.js'
import { eventually, fieldsOf, firstEvent, tasks, test } from '../support/support.js'

/** Quorum queues know no exclusive consumers. */
const locked = workQueue('locked', { payload: tasks.payload, queue: { type: 'classic' } })
const LATER = { timeoutMs: 20_000 }

/** Another program that consumes the queue for itself. */
async function holderOf(url: string): Promise<Stranger> {
  const other = await stranger(url)
  try {
    await other.channel.consume('locked', () => undefined, { exclusive: true })
    return other
  } catch (error) {
    await other[Symbol.asyncDispose]()
    throw error
  }
}

describe('a queue that another consumer has for itself', () => {
  test('start waits for an exclusive queue and says why, and other roles go on', async ({ rabbit, vhost }) => {
    const losses: unknown[] = []
    rabbit.on('disconnected', ({ reason }) => losses.push(reason))
    const others: number[] = []
    await new Worker(rabbit, tasks, ({ n }) => void others.push(n)).start()
    await new Producer(rabbit, locked).send({ n: 1 })
    const holder = await holderOf(vhost.url)

    const seen: number[] = []
    const worker = new Worker(rabbit, locked, ({ n }) => void seen.push(n))
    const refused = firstEvent(worker, 'consume-failed')
    const started = worker.start()
    const { reason } = await refused
    expect(reason).toMatchObject({ name: 'BrokerError', replyCode: 403, retryable: true })
    expect(reason.message).toMatch(/in exclusive use\. The queue is free when the other consumer has ended$/)
    const why = expect.stringContaining('in exclusive use')
    expect(rabbit.health().roles).toContainEqual(expect.objectContaining({ name: 'locked', ready: false, why }))
    await new Producer(rabbit, tasks).send({ n: 2 })
    await eventually(() => expect(others).toEqual([2]))

    await holder[Symbol.asyncDispose]()
    await started
    await eventually(() => expect(seen).toEqual([1]))
    expect(losses).toEqual([])
  })

  test('ends start when it is so for longer than startupTimeoutMs', async ({ connectTo, vhost }) => {
    const rabbit = await connectTo({ startupTimeoutMs: 1_000 })
    await new Producer(rabbit, locked).send({ n: 1 })
    await using _holder = await holderOf(vhost.url)
    const refusals: unknown[] = []
    const worker = new Worker(rabbit, locked, () => undefined)
    worker.on('consume-failed', ({ reason }) => refusals.push(reason))
    await expect(worker.start()).rejects.toMatchObject({ name: 'BrokerError', replyCode: 403 })
    expect(refusals.length).toBeGreaterThan(1)
    await eventually(async () => expect(await vhost.consumers()).toHaveLength(1))
  })

  test('is waited for after a reconnect', async ({ connectTo, proxy, vhost }) => {
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const seen: number[] = []
    const worker = new Worker(rabbit, locked, ({ n }) => void seen.push(n))
    await worker.start()
    proxy.refuse()
    proxy.reset()
    // A moment after its connection the worker's consumer is gone too.
    await using holder = await eventually(async () => await holderOf(vhost.url), LATER)
    const refused = firstEvent(worker, 'consume-failed')
    const recovered = firstEvent(worker, 'channel.recovered')
    await proxy.accept()
    expect(await refused).toMatchObject({ reason: { replyCode: 403, retryable: true } })
    await holder[Symbol.asyncDispose]()
    await recovered
    await new Producer(rabbit, locked).send({ n: 1 })
    await eventually(() => expect(seen).toEqual([1]), LATER)
    await eventually(async () => expect(await vhost.consumers()).toHaveLength(1))
  })
})

test('a queue that belongs to another connection is waited for by start, and then declared', async ({
  rabbit,
  vhost,
}) => {
  const holder = await stranger(vhost.url)
  await holder.channel.assertQueue('locked', { exclusive: true, durable: false })
  const seen: number[] = []
  const worker = new Worker(rabbit, locked, ({ n }) => void seen.push(n))
  const refused = firstEvent(worker, 'consume-failed')
  const started = worker.start()
  expect(await refused).toMatchObject({ reason: { name: 'BrokerError', replyCode: 405, retryable: true } })
  expect(rabbit.health()).toMatchObject({ ready: false, why: expect.stringContaining('405 RESOURCE_LOCKED') })
  await holder[Symbol.asyncDispose]()
  await started
  await new Producer(rabbit, locked).send({ n: 1 })
  await eventually(() => expect(seen).toEqual([1]))
  expect(await vhost.queue('locked')).toMatchObject({ durable: true, exclusive: false })
})

test('a queue that may not be read ends start at once, and says what to grant', async ({
  createUser,
  vhost,
  connectTo,
}) => {
  const username = await createUser('blind', 'S3cr3t-blind', { configure: '.*', write: '.*', read: '^$' })
  const rabbit = await connectTo({}, { ...fieldsOf(vhost.url), username, password: 'S3cr3t-blind' })
  const starting = new Worker(rabbit, locked, () => undefined).start()
  await expect(starting).rejects.toMatchObject({ name: 'BrokerError', replyCode: 403, retryable: false })
  await expect(starting).rejects.toThrow(/'locked'.* refused for user .*Grant the right/)
})
