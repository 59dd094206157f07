import type { Vhost } from '@leveret/testing/vitest'
import { describe, expect } from 'vitest'
import { z } from 'zod'
import { type Connection, connect, DeadLetters, Producer, text, Worker, workQueue } from '../../src/index.js'
import { queueDeclarationsOf } from '../../src/topology/declarations.js'
import { MARK } from '../support/no-secrets.js'
import { stranger } from '../support/stranger.js'
import { eventually, firstEvent, test } from '../support/support.js'

const delayed = workQueue('delayed', { payload: z.string(), codec: text })

async function namesOf(vhost: Vhost): Promise<string[]> {
  return (await vhost.queues()).map(({ name }) => name).sort()
}

describe('a delayed task', () => {
  test('comes after its own delay, whatever the others wait for, and never before it', async ({ rabbit }) => {
    const seen: [number, number][] = []
    const started = performance.now()
    const worker = new Worker(rabbit, delayed, (wish) => void seen.push([Number(wish), performance.now() - started]))
    await worker.start()
    const producer = new Producer(rabbit, delayed)
    const wishes = [60_000, 3_000, 1_000, 0, 2_000, 7_000, 1_500]
    await Promise.all(wishes.map((delayMs) => producer.send(`${delayMs}`, { delayMs })))
    const inOrder = (): void => expect(seen.map(([wish]) => wish)).toEqual([0, 1_000, 1_500, 2_000, 3_000, 7_000])
    await eventually(inOrder, { timeoutMs: 40_000 })
    for (const [wish, after] of seen) expect(after, `${wish} ms`).toBeGreaterThan(wish - 10)
  })

  test('shares its queues with all contracts of the vhost', async ({ rabbit, vhost }) => {
    const other = workQueue('other', { payload: z.string() })
    const wishes = [1, 999, 1_000, 1_001, 1_999, 40_000, 59_999, 60_000]
    for (const producer of [new Producer(rabbit, delayed), new Producer(rabbit, other)]) {
      await Promise.all(wishes.map((delayMs) => producer.send('x', { delayMs })))
    }
    const levels = Array.from({ length: 8 }, (_, level) => `leveret.delay.${250 * 2 ** level}`)
    const own = [delayed, other].flatMap(({ name }) => [name, `${name}.dead-letter`, `${name}.delayed`])
    expect(await namesOf(vhost)).toEqual([...levels, ...own, 'leveret.delay.lost'].sort())
  })

  test('is delivered as a first attempt, with its id, and as one that was sent to its queue', async ({ rabbit }) => {
    const seen: unknown[] = []
    const worker = new Worker(rabbit, delayed, (_task, { exchange, routingKey }) => {
      seen.push({ exchange, routingKey })
    })
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    const { messageId } = await new Producer(rabbit, delayed).send('x', { delayMs: 10 })
    expect(await acked).toMatchObject({ messageId, attempt: 1 })
    expect(seen).toEqual([{ exchange: '', routingKey: 'delayed' }])
  })

  test('fails, waits and dies as any other, and its dead letter says nothing of the delay', async ({ rabbit }) => {
    const contract = workQueue('delayed', { payload: z.string(), codec: text, retry: { delaysMs: [50] } })
    const attempts: number[] = []
    const worker = new Worker(rabbit, contract, (_task, { attempt }) => {
      attempts.push(attempt)
      throw new Error('not today')
    })
    const given = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, contract).send('x', { delayMs: 300, headers: { mine: 1 } })
    await given
    expect(attempts).toEqual([1, 2])
    const [letter] = await new DeadLetters(rabbit, contract).peek()
    expect(letter).toMatchObject({ exchange: '', routingKey: 'delayed', reason: 'attempts-exhausted' })
    expect(Object.keys(letter?.headers ?? {}).filter((name) => /delay|death/.test(name))).toEqual([])
    expect(letter?.headers.mine).toBe(1)
  })

  test.for([
    [{ delayMs: 31_622_400_001 }, 'database'],
    [{ delayMs: -1 }, 'delayMs'],
    [{ delayMs: 1_000, expirationMs: 500 }, 'use only one of the two'],
  ] as const)('cannot be asked for with %j', async ([options, hint], { rabbit }) => {
    await expect(new Producer(rabbit, delayed).send('x', options)).rejects.toMatchObject({
      name: 'OptionsError',
      message: expect.stringContaining(hint),
    })
  })

  test('takes rights to its own queues and to those of the delays, and no others', async ({
    rabbit,
    connectTo,
    createUser,
    vhost,
  }) => {
    const theirs = '^(amq\\.default|delayed(\\.dead-letter|\\.delayed)?|leveret\\.delay\\..*)$'
    const user = await createUser('sender', `${MARK}-sender`, { configure: theirs, write: theirs, read: theirs })
    const url = new URL(vhost.url)
    url.username = user
    url.password = `${MARK}-sender`
    const worker = new Worker(rabbit, delayed, () => undefined)
    const acked = firstEvent(worker, 'delivery.acked')
    await new Producer(await connectTo({}, url.href), delayed).send('x', { delayMs: 1_250 })
    await worker.start()
    expect(await acked).toMatchObject({ attempt: 1 })
  })

  test('of a year is stored, in queues that RabbitMQ takes', async ({ rabbit, vhost }) => {
    await new Producer(rabbit, delayed).send('x', { delayMs: 31_622_400_000 })
    await eventually(async () => expect(await vhost.queue('leveret.delay.16777216000')).toMatchObject({ messages: 1 }))
  })
})

describe('a restart of the broker', () => {
  test('loses no delayed task', { timeout: 180_000 }, async ({ ownBroker }) => {
    const rabbit: Connection = await connect(ownBroker.url)
    const seen: string[] = []
    await new Producer(rabbit, delayed).send('over', { delayMs: 1_000 })
    await new Producer(rabbit, delayed).send('far', { delayMs: 12_000 })
    await ownBroker.stop()
    await ownBroker.start()
    const worker = new Worker(rabbit, delayed, (task) => void seen.push(task))
    await worker.start()
    await eventually(() => expect(seen).toEqual(['over', 'far']), { timeoutMs: 90_000 })
    await rabbit.close()
  })
})

test('a task that 0.1.0 delayed still comes, from the queue in which it waits', async ({ rabbit, vhost }) => {
  await using other = await stranger(vhost.url)
  const [letters, work] = queueDeclarationsOf(delayed)
  for (const queue of [letters, work]) {
    if (queue !== undefined) await other.channel.assertQueue(queue.name, { durable: true, arguments: queue.arguments })
  }
  await other.channel.assertQueue('delayed.retry.2000', {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-message-ttl': 2_000,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'delayed',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    },
  })
  other.channel.publish('', 'delayed.retry.2000', Buffer.from('old'), {
    persistent: true,
    contentType: 'text/plain; charset=utf-8',
    messageId: 'from-0.1.0',
  })
  await other.channel.waitForConfirms()
  const worker = new Worker(rabbit, delayed, () => undefined)
  const acked = firstEvent(worker, 'delivery.acked')
  await worker.start()
  expect(await acked).toMatchObject({ messageId: 'from-0.1.0', attempt: 1 })
})
