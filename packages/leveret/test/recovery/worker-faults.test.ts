import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished } from 'vitest'
import { type Connection, type Delivery, Producer, Worker, workQueue } from '../../src/index.js'
import { eventually, firstEvent, gate, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const LATER = { timeoutMs: 30_000 }

const isBefore43 = (version: string): boolean => version.localeCompare('4.3', undefined, { numeric: true }) < 0

/** What happened to deliveries, by message id. */
function ledger(worker: Worker<typeof tasks>): Record<'stale' | 'acked' | 'retried', (string | undefined)[]> {
  const told = { stale: [], acked: [], retried: [] } as Record<'stale' | 'acked' | 'retried', (string | undefined)[]>
  for (const how of ['stale', 'acked', 'retried'] as const) {
    worker.on(`delivery.${how}`, ({ messageId }) => told[how].push(messageId))
  }
  return told
}

test.for(['quorum', 'classic'] as const)(
  'a connection that an operator closes aborts what runs on it; all of that comes again, and nothing is settled twice (%s)',
  async (type, { rabbit, vhost }) => {
    const queue = workQueue('run', { payload: tasks.payload, queue: { type } })
    const hold = gate()
    const reasons: unknown[] = []
    const deliveries: [n: number, attempt: number, redelivered: boolean][] = []
    const worker = new Worker(rabbit, queue, async ({ n }, { attempt, redelivered, signal }) => {
      deliveries.push([n, attempt, redelivered])
      if (redelivered) return
      signal.addEventListener('abort', () => reasons.push(signal.reason))
      await hold.opened
      // Half of them fail: that is no failed attempt any more.
      if (n % 2 === 0) throw new Error('too late to count')
    })
    const told = ledger(worker)
    const losses: unknown[] = []
    worker.on('channel.lost', ({ reason }) => losses.push(reason))
    const recovered = firstEvent(worker, 'channel.recovered')
    await worker.start()
    const producer = new Producer(rabbit, queue)
    const sent = await Promise.all([1, 2, 3, 4, 5].map((n) => producer.send({ n })))
    const ids = sent.map(({ messageId }) => messageId).sort()
    await eventually(() => expect(deliveries).toHaveLength(5))
    await eventually(async () => expect(await vhost.connections()).toHaveLength(2))

    await vhost.closeConnections('for the weekend')
    const closed = { name: 'BrokerError', replyCode: 320, replyText: expect.stringContaining('for the weekend') }
    await eventually(() => expect(reasons).toMatchObject(Array.from({ length: 5 }, () => closed)))
    await recovered
    await eventually(() => expect([...told.acked].sort()).toEqual(ids))
    hold.open()
    await eventually(() => expect([...told.stale].sort()).toEqual(ids))
    expect(told.acked).toHaveLength(5)
    expect(told.retried).toEqual([])
    expect(deliveries.slice(5).sort()).toEqual([1, 2, 3, 4, 5].map((n) => [n, 1, true]))
    expect(losses).toMatchObject([closed])
    await eventually(async () => expect(await vhost.queue('run')).toMatchObject({ messages: 0, consumers: 1 }))
  },
)

interface Overrun {
  readonly ids: readonly string[]
  readonly handled: ReadonlyMap<string | undefined, number>
  readonly aborted: readonly number[]
  readonly told: ReturnType<typeof ledger>
  readonly losses: readonly unknown[]
  readonly cancelled: Promise<unknown>
}

describe('an ack that the broker no longer waits for', () => {
  const CONSUMER_TIMEOUT_MS = 2_000
  /** Shorter than a contract of its own would allow, as another program may have declared it. */
  const impatient = workQueue('impatient', {
    payload: tasks.payload,
    queue: { arguments: { 'x-queue-type': 'quorum', 'x-consumer-timeout': CONSUMER_TIMEOUT_MS } },
    retry: { delaysMs: [50] },
  })

  /** Sends tasks of which the one named takes longer than the broker waits, the first time. */
  async function overrun(rabbit: Connection, slow: number, concurrency: number): Promise<Overrun> {
    const handled = new Map<string | undefined, number>()
    const aborted: number[] = []
    // Where its consumer has given way to another one, there is no event.
    const tooLong = async (): Promise<unknown> => await Promise.race([cancelled, delay(3 * CONSUMER_TIMEOUT_MS)])
    const handler = async ({ n }: { n: number }, { messageId, redelivered, signal }: Delivery): Promise<void> => {
      signal.addEventListener('abort', () => aborted.push(n))
      if (n === slow && !redelivered) await tooLong()
      handled.set(messageId, (handled.get(messageId) ?? 0) + 1)
    }
    const worker = new Worker(rabbit, impatient, handler, { concurrency })
    const told = ledger(worker)
    const losses: unknown[] = []
    worker.on('channel.lost', ({ reason }) => losses.push(reason))
    const cancelled = firstEvent(worker, 'consumer.cancelled')
    await worker.start()
    const producer = new Producer(rabbit, impatient)
    const ids: string[] = []
    for (let n = 0; n <= 10; n += 1) ids.push((await producer.send({ n })).messageId)
    // RabbitMQ 4.3.6 may not look at a queue in which nothing happens (2 of 4 times).
    const stop = (): void => clearInterval(poking)
    const poke = (): unknown => producer.send({ n: 100 }).then(({ messageId }) => ids.push(messageId), stop)
    const poking = setInterval(poke, 500)
    void cancelled.finally(stop)
    // The connection closes before a test is finished, and what is sent then fails: that ends it too.
    onTestFinished(stop)
    return { ids, handled, aborted, told, losses, cancelled }
  }

  test.for([
    { concurrency: 10, slow: 5 },
    { concurrency: 1, slow: 0 },
  ])(
    'costs the consumer and nothing else: its neighbours are not aborted, and a fresh one follows (concurrency $concurrency)',
    async ({ concurrency, slow }, { rabbit, vhost, broker, skip }) => {
      // Before, brokers look once a minute, and close the whole channel.
      if (isBefore43(broker.version)) skip('needs the consumer timeout of quorum queues')
      const { ids, handled, aborted, told, losses, cancelled } = await overrun(rabbit, slow, concurrency)
      expect(await cancelled).toMatchObject({ queue: 'impatient' })
      await eventually(() => expect([...new Set(told.acked)].sort()).toEqual([...ids].sort()), LATER)
      // The late result is reported as an ack, which the broker ignores.
      await eventually(() => expect(handled.get(ids[slow])).toBe(2), LATER)
      expect([...handled]).toEqual(expect.arrayContaining(ids.filter((_, n) => n !== slow).map((id) => [id, 1])))
      expect(told.retried).toEqual([])
      expect(aborted).toEqual([])
      expect(losses).toEqual([])
      await eventually(async () => expect(await vhost.queue('impatient')).toMatchObject({ messages: 0, consumers: 1 }))
      expect(rabbit.health()).toMatchObject({ ready: true })
    },
  )

  test('costs the channel where it was the first delivery: its consumer has given way to a wider one', async ({
    rabbit,
    vhost,
    broker,
    skip,
  }) => {
    if (isBefore43(broker.version)) skip('needs the consumer timeout of quorum queues')
    const lostConnections: unknown[] = []
    rabbit.on('disconnected', ({ reason }) => lostConnections.push(reason))
    const { ids, told, losses } = await overrun(rabbit, 0, 10)
    await eventually(() => expect([...new Set(told.acked)].sort()).toEqual([...ids].sort()), LATER)
    await eventually(() => expect(told.stale).toEqual([ids[0]]), LATER)
    expect(losses).toMatchObject([{ name: 'BrokerError', replyCode: 406 }])
    expect(lostConnections).toEqual([])
    await eventually(async () => expect(await vhost.queue('impatient')).toMatchObject({ messages: 0, consumers: 1 }))
    expect(rabbit.health()).toMatchObject({ ready: true })
  })

  test.for([
    [{ type: 'quorum', consumerTimeoutMs: 60_000 }, 60_000, true],
    [{ type: 'quorum', consumerTimeoutMs: 60_000 }, 50_000, false],
    [{ type: 'classic' }, 1_800_000, true],
    [{ type: 'classic' }, 1_799_999, false],
    [{ arguments: { 'x-consumer-timeout': 2_000 } }, 2_000, true],
  ] as const)(
    'is warned of where handlers may take longer: %j, %d ms',
    async ([queue, handlerTimeoutMs, warned], { connectTo }) => {
      const warnings: string[] = []
      const log = (_fields: object, message: string): void => void warnings.push(message)
      const rabbit = await connectTo({
        logger: { debug: () => undefined, info: () => undefined, warn: log, error: log },
      })
      const contract = workQueue('warned', { payload: tasks.payload, queue })
      await new Worker(rabbit, contract, () => undefined, { handlerTimeoutMs }).close()
      const told = warnings.filter((text) => /'warned' may take \d+ ms, but RabbitMQ requeues its delivery/.test(text))
      expect(told).toHaveLength(warned ? 1 : 0)
    },
  )

  test('is none where the handler has less time: its attempts fail, are retried, and end', async ({
    rabbit,
    broker,
    skip,
  }) => {
    if (isBefore43(broker.version)) skip('needs the consumer timeout of quorum queues')
    const worker = new Worker(rabbit, impatient, () => new Promise(() => undefined), { handlerTimeoutMs: 100 })
    const cancels: unknown[] = []
    worker.on('consumer.cancelled', (event) => cancels.push(event))
    const dead = firstEvent(worker, 'delivery.dead-lettered')
    await worker.start()
    await new Producer(rabbit, impatient).send({ n: 1 })
    expect(await dead).toMatchObject({ attempt: 2, reason: 'attempts-exhausted', failure: { name: 'HandlerTimeout' } })
    expect(cancels).toEqual([])
  })
})
