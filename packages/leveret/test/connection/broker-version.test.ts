import { describe, expect } from 'vitest'
import { BrokerVersionError, type Connection, DeadLetters, Producer, Worker, workQueue } from '../../src/index.js'
import { DEAD_LETTER_ARGUMENTS } from '../support/letters.js'
import { pretender } from '../support/pretender.js'
import { eventually, firstEvent, hasNativeRetry, tasks, test } from '../support/support.js'

const retry = { native: { minMs: 100, maxMs: 1_000, attempts: 3 } }
const native = workQueue('native', { payload: tasks.payload, retry })
const policed = workQueue('native', { payload: tasks.payload, retry, queue: { settings: 'policy' } })

/** Everything that needs the work queue. */
const USES: [string, (rabbit: Connection) => Promise<unknown>][] = [
  ['a send', (rabbit) => new Producer(rabbit, native).send({ n: 1 })],
  ['a delayed send', (rabbit) => new Producer(rabbit, native).send({ n: 1 }, { delayMs: 1_000 })],
  ['a send to a queue with a policy', (rabbit) => new Producer(rabbit, policed).send({ n: 1 })],
  ["a worker's start", (rabbit) => new Worker(rabbit, native, () => undefined).start()],
]

test('a broker before 4.3 would take native retry without a word, and is refused by its version', async ({
  rabbit,
  vhost,
  broker,
  skip,
}) => {
  if (hasNativeRetry(broker)) skip(`RabbitMQ ${broker.version} has native retry`)
  const refused = new Worker(rabbit, native, () => undefined).start()
  await expect(refused).rejects.toBeInstanceOf(BrokerVersionError)
  await expect(refused).rejects.toMatchObject({
    retryable: false,
    queue: 'native',
    feature: 'retry.native',
    since: '4.3',
    product: 'RabbitMQ',
    version: broker.version,
    message: expect.stringMatching(/needs RabbitMQ 4\.3 or later for retry\.native, and amqp:.*retry: { delaysMs }/),
  })
  expect(await vhost.queues()).toEqual([])
})

describe.for(['declare', 'check', 'skip'] as const)("where the broker is too old, with topology: '%s'", (topology) => {
  test.for(USES)('%s is refused, and nothing is declared', async ([, use], { broker, vhost, connectTo }) => {
    const old = await pretender(broker, 'old')
    const rabbit = await connectTo({ topology }, old.urlFor(vhost.url))
    await expect(use(rabbit)).rejects.toMatchObject({
      name: 'BrokerVersionError',
      version: expect.stringMatching(/^0/),
    })
    expect(await vhost.queues()).toEqual([])
  })
})

test('a replay into a queue with native retry is refused where the broker is too old, and the letter stays', async ({
  broker,
  vhost,
  connectTo,
  rabbit,
}) => {
  const queue = { arguments: DEAD_LETTER_ARGUMENTS }
  const kept = workQueue('native.dead-letter', { payload: tasks.payload, retry: false, deadLetter: false, queue })
  await new Producer(rabbit, kept).send({ n: 1 })
  const old = await pretender(broker, 'old')
  const letters = new DeadLetters(await connectTo({}, old.urlFor(vhost.url)), native)
  await expect(letters.replay({ includeUnknown: true })).rejects.toMatchObject({ name: 'BrokerVersionError' })
  await eventually(async () => expect(await letters.count()).toBe(1))
})

test('a worker whose broker comes back older says why and tries on, until it is new again, and the others go on', async ({
  broker,
  vhost,
  connectTo,
}) => {
  const cluster = await pretender(broker, 'new')
  const rabbit = await connectTo({}, cluster.urlFor(vhost.url))
  const seen: number[] = []
  const failures: string[] = []
  const worker = new Worker(rabbit, native, () => undefined)
  worker.on('consume-failed', ({ reason }) => failures.push(reason.name))
  await worker.start()
  await new Worker(rabbit, tasks, ({ n }) => void seen.push(n)).start()
  const producer = new Producer(rabbit, native)
  await producer.send({ n: 1 })

  const failed = firstEvent(worker, 'consume-failed')
  cluster.pretend('old')
  cluster.cut()
  expect((await failed).reason).toMatchObject({ name: 'BrokerVersionError', queue: 'native' })
  await expect(producer.send({ n: 2 })).rejects.toMatchObject({ name: 'BrokerVersionError' })
  await new Producer(rabbit, tasks).send({ n: 3 })
  await eventually(() => expect(seen).toEqual([3]))
  expect(failures).toContain('BrokerVersionError')
  expect(rabbit.health()).toMatchObject({ ready: false, why: expect.stringContaining('needs RabbitMQ 4.3') })
  const recovered = firstEvent(worker, 'channel.recovered')
  cluster.pretend('new')
  cluster.cut()
  await recovered
  const working = expect.objectContaining({ role: 'worker', name: 'native', ready: true })
  await eventually(() => expect(rabbit.health().roles).toContainEqual(working))
})

test('a producer sends again as soon as its broker is new enough', async ({ broker, vhost, connectTo }) => {
  const cluster = await pretender(broker, 'old')
  const rabbit = await connectTo({}, cluster.urlFor(vhost.url))
  const producer = new Producer(rabbit, native)
  await expect(producer.send({ n: 1 })).rejects.toMatchObject({ name: 'BrokerVersionError' })
  expect(rabbit.health()).toMatchObject({ ready: false })
  const lost = firstEvent(rabbit, 'disconnected')
  cluster.pretend('new')
  cluster.cut()
  await lost
  await producer.send({ n: 2 })
  expect(rabbit.health()).toMatchObject({ ready: true })
})
