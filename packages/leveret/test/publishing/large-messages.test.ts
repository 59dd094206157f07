import { createHash } from 'node:crypto'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { bytes, type Connection, connect, DeadLetters, Producer, Worker, workQueue } from '../../src/index.js'
import { drain } from '../support/letters.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'

const MiB = 1024 * 1024
const payload = z.instanceof(Uint8Array)
const large = workQueue('large', { payload, codec: bytes, retry: { delaysMs: [50] } })

const digest = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

/** A worker whose attempts fail. @returns what happens, in its order */
async function failing(rabbit: Connection): Promise<unknown[]> {
  const told: unknown[] = []
  const worker = new Worker(rabbit, large, (content, { attempt }) => {
    told.push([attempt, digest(content)])
    throw new Error('again')
  })
  worker.on('delivery.dead-lettered', ({ reason }) => told.push(reason))
  worker.on('delivery.stuck', ({ error }) => told.push(error))
  worker.on('channel.lost', ({ reason }) => told.push(reason))
  await worker.start()
  return told
}

/** Of all that is kept. */
async function keptDigests(rabbit: Connection): Promise<string[]> {
  await using letters = new DeadLetters(rabbit, large)
  return (await letters.peek()).map(({ content }) => digest(content))
}

describe('a message that another program sent', () => {
  test('of 16 MiB is retried and kept as it came', async ({ rabbit, vhost }) => {
    const told = await failing(rabbit)
    const content = Buffer.alloc(16 * MiB, 'sixteen')
    await using other = await stranger(vhost.url)
    other.channel.sendToQueue('large', content)
    const seen = digest(content)
    await eventually(() => expect(told).toEqual([[1, seen], [2, seen], 'attempts-exhausted']), { timeoutMs: 30_000 })
    expect(await keptDigests(rabbit)).toEqual([seen])
  })

  test('is retried and kept, also when it is larger than what this one may send', async ({ connectTo, vhost }) => {
    const rabbit = await connectTo({ maxMessageBytes: 1_000, maxQueuedBytes: 1_000 })
    const told = await failing(rabbit)
    const content = Buffer.alloc(1 * MiB, 'one')
    await using other = await stranger(vhost.url)
    for (let n = 0; n < 3; n += 1) other.channel.sendToQueue('large', content)
    const seen = digest(content)
    await eventually(() => expect(told.filter((what) => what === 'attempts-exhausted')).toHaveLength(3))
    expect(told.filter((what) => Array.isArray(what)).sort()).toEqual(
      [1, 1, 1, 2, 2, 2].map((attempt) => [attempt, seen]),
    )
    expect(await keptDigests(rabbit)).toEqual([seen, seen, seen])
    await expect(new Producer(rabbit, large).send(content)).rejects.toMatchObject({ outcome: 'not-sent' })
  })

  test('of which the broker takes no copy any more is kept by the broker itself, and costs others nothing', async ({
    ownBroker,
  }) => {
    const content = Buffer.alloc(1 * MiB, 'one')
    await using before = await connect(ownBroker.url)
    await new Producer(before, large).send(content)
    const lower = 'persistent_term:put(max_message_size, 1000), application:set_env(rabbit, max_message_size, 1000).'
    await ownBroker.ctl('eval', lower)
    // A channel keeps the limit that it was opened with.
    await using rabbit = await connect(ownBroker.url)
    const producer = new Producer(rabbit, large)
    const told = await failing(rabbit)
    const seen = digest(content)
    await eventually(() => expect(told).toEqual([[1, seen], 'retry-impossible']), { timeoutMs: 20_000 })
    // The broker moves it after the reject.
    await eventually(async () => expect(await keptDigests(rabbit)).toEqual([seen]))
    await producer.send(Buffer.from('small'))
    await eventually(() => expect(told).toHaveLength(5))
    expect(told.at(-1)).toBe('attempts-exhausted')
  })
})

describe('headers that leave no room for those of a copy', () => {
  const filler = { filler: 'x'.repeat(65_450) }

  test('make a dead letter of the task at its first failure, without the largest of them, which can be replayed', async ({
    rabbit,
    vhost,
  }) => {
    const told = await failing(rabbit)
    await using other = await stranger(vhost.url)
    other.channel.sendToQueue('large', Buffer.from('x'), { headers: { ...filler, tenant: 'acme' }, messageId: 'm1' })
    const seen = digest(Buffer.from('x'))
    await eventually(() => expect(told).toEqual([[1, seen], 'retry-impossible']))
    const letters = new DeadLetters(rabbit, large)
    const [kept] = await letters.peek()
    const headers = { tenant: 'acme', 'leveret-left-out': 'filler' }
    expect(kept).toMatchObject({ messageId: 'm1', reason: 'retry-impossible', headers, attempts: 1 })
    expect(kept?.headers).not.toHaveProperty('filler')
    expect(await letters.replay()).toEqual({ replayed: 1, skipped: 0 })
    await eventually(() => expect(told).toHaveLength(5))
    expect(told.slice(2)).toEqual([[1, seen], [2, seen], 'attempts-exhausted'])
  })

  test('beyond what amqplib itself could send are read, and kept likewise', async ({ rabbit, vhost, broker }) => {
    const told = await failing(rabbit)
    const headers = { filler: 'x'.repeat(100_000) }
    await broker.management.publish(vhost.name, {
      routingKey: 'large',
      payload: 'x',
      properties: { headers, message_id: 'm1' },
    })
    await eventually(() => expect(told).toEqual([[1, digest(Buffer.from('x'))], 'retry-impossible']))
    await eventually(async () => expect(await drain(rabbit, 'large.dead-letter')).toEqual(['m1']))
  })
})
