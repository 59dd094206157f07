import type { RabbitMQ } from '@leveret/testing'
import { describe, expect } from 'vitest'
import { type Connection, connect, Producer, RpcClient, RpcServer, Worker, workQueue } from '../../src/index.js'
import { double } from '../support/rpc.js'
import { stranger } from '../support/stranger.js'
import { eventually, fieldsOf, firstEvent, stable, tasks, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

const PASSWORD = 'S3cr3t-few'
const SOON = { timeoutMs: 30_000 }
/** What is tried later each time is tried within half a minute. */
const PATIENTLY = 100_000

/** Says how many channels a user may have open at once, over all its connections. */
async function limitChannels({ managementUrl }: RabbitMQ, user: string, channels: number): Promise<void> {
  const { origin, username, password } = new URL(managementUrl)
  const response = await fetch(`${origin}/api/user-limits/${encodeURIComponent(user)}/max-channels`, {
    method: 'PUT',
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ value: channels }),
  })
  expect(response.ok).toBe(true)
}

function workersOf(rabbit: Connection, count: number, handle: (n: number) => void = () => undefined) {
  return Array.from({ length: count }, () => new Worker(rabbit, tasks, ({ n }) => handle(n)))
}

/** Starts so many, one after the other. The broker counts channels a moment late, so that of many at once more may come in. */
async function startEach(workers: readonly Worker<typeof tasks>[]): Promise<void> {
  for (const worker of workers) await worker.start()
}

/** What becomes of starts. */
async function outcomes(workers: readonly Worker<typeof tasks>[]) {
  const ends = await Promise.allSettled(workers.map((worker) => worker.start()))
  const started = workers.filter((_worker, index) => ends[index]?.status === 'fulfilled')
  const refused: unknown[] = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
  return { started, refused }
}

/** Why links are lost from now on. */
function losses(rabbit: Connection): string[] {
  const lost: string[] = []
  rabbit.on('disconnected', ({ lane, reason }) => lost.push(`${lane}: ${reason.message}`))
  return lost
}

const LIMIT = { name: 'ConnectionError', reason: 'limit', retryable: true }

describe('where a connection may have no more channels', () => {
  test('as many workers as there are channels start, the others fail with the reason, and no other role is affected', async ({
    startBroker,
  }) => {
    const broker = await startBroker({ config: ['channel_max = 20'] })
    await using rabbit = await connect(broker.url, { startupTimeoutMs: 2_000 })
    const lost = losses(rabbit)
    const seen = new Set<number>()
    const [first, ...others] = workersOf(rabbit, 25, (n) => seen.add(n))
    // RabbitMQ 3.10 closes the connection (541) when many declare the same new queue at once.
    await first?.start()
    const { started, refused } = await outcomes(others)
    expect(refused).toMatchObject(Array.from({ length: 5 }, () => LIMIT))
    for (const reason of refused) expect(String(reason)).toMatch(/20 .*channel_max/)
    expect(started).toHaveLength(19)
    const producer = new Producer(rabbit, tasks)
    for (let n = 0; n < 50; n += 1) await producer.send({ n })
    await eventually(() => expect(seen.size).toBe(50))
    expect(lost).toEqual([])

    await first?.close()
    const [late] = workersOf(rabbit, 1)
    await late?.start()

    const failed: unknown[] = []
    const again = [...started, late].map(async (worker) => {
      worker?.on('consume-failed', ({ reason }) => failed.push(reason))
      if (worker !== undefined) await firstEvent(worker, 'channel.recovered')
    })
    await stable()
    await broker.management.closeAllConnections('/')
    await Promise.all(again)
    expect(failed).toEqual([])
    expect(rabbit.health()).toMatchObject({ ready: true })
  })
})

describe('where a user may have no more channels', () => {
  test('as many workers as there are channels work, and the others fail with the reason', async ({
    broker,
    connectTo,
    createUser,
    rabbit,
    vhost,
  }) => {
    const username = await createUser('few', PASSWORD)
    await limitChannels(broker, username, 5)
    const login = { ...fieldsOf(vhost.url), username, password: PASSWORD }
    const consuming = await connectTo({ startupTimeoutMs: 5_000 }, login)
    const lost = losses(consuming)
    const seen = new Set<number>()
    const workers = workersOf(consuming, 8, (n) => seen.add(n))
    await startEach(workers.slice(0, 5))
    const { refused } = await outcomes(workers.slice(5))
    expect(refused).toMatchObject([LIMIT, LIMIT, LIMIT])
    for (const reason of refused) expect(String(reason)).toMatch(/maximum allowed user limit.*set_user_limits/)
    // Once is how we learn of the limit.
    expect(lost).toHaveLength(1)
    const producer = new Producer(rabbit, tasks)
    for (let n = 0; n < 50; n += 1) await producer.send({ n })
    await eventually(() => expect(seen.size).toBe(50))
    expect(consuming.health()).toMatchObject({ ready: true })
  })

  test(
    'those for which there is no room wait, say why, and come when there is, at no cost to the others',
    async ({ broker, connectTo, createUser, vhost }) => {
      const username = await createUser('few', PASSWORD)
      await limitChannels(broker, username, 5)
      const login = { ...fieldsOf(vhost.url), username, password: PASSWORD }
      const consuming = await connectTo({ startupTimeoutMs: PATIENTLY }, login)
      const lost = losses(consuming)
      const workers = workersOf(consuming, 8)
      await startEach(workers.slice(0, 5))
      const starting = outcomes(workers.slice(5))
      await firstEvent(consuming, 'disconnected')
      const attached = () => consuming.health().roles.filter((role) => role.attached)
      await eventually(() => expect(attached()).toHaveLength(5), SOON)
      const waiting = consuming.health().roles.filter((role) => role.attached !== true)
      for (const { ready, why } of waiting) expect({ ready, why }).toMatchObject({ why: /user limit/, ready: false })
      await limitChannels(broker, username, 50)
      expect((await starting).refused).toEqual([])
      expect(lost).toHaveLength(1)
    },
    2 * PATIENTLY,
  )

  test('as many workers as it may have channels start, and come back after each loss', async ({
    broker,
    connectTo,
    createUser,
    proxy,
    vhost,
  }) => {
    const username = await createUser('few', PASSWORD)
    await limitChannels(broker, username, 10)
    const address = { ...fieldsOf(proxy.urlFor(vhost.url)), username, password: PASSWORD }
    const consuming = await connectTo({}, address)
    const lost = losses(consuming)
    const workers = Array.from({ length: 10 }, (_, n) => {
      const contract = workQueue(`tasks-${n}`, { payload: tasks.payload })
      return new Worker(consuming, contract, () => undefined)
    })
    await Promise.all(workers.map((worker) => worker.start()))
    for (let round = 0; round < 3; round += 1) {
      await stable()
      const back = Promise.all(workers.map((worker) => firstEvent(worker, 'channel.recovered')))
      proxy.reset()
      await back
    }
    expect(lost.filter((reason) => reason.includes('limit'))).toEqual([])
  })

  test('producers of many queues need two', async ({ broker, connectTo, createUser, vhost }) => {
    const username = await createUser('few', PASSWORD)
    await limitChannels(broker, username, 2)
    const rabbit = await connectTo({}, { ...fieldsOf(vhost.url), username, password: PASSWORD })
    const lost = losses(rabbit)
    const sends = Array.from({ length: 40 }, async (_, n) => {
      const contract = workQueue(`tasks-${n}`, { payload: tasks.payload, deadLetter: false })
      await new Producer(rabbit, contract).send({ n })
    })
    await Promise.all(sends)
    expect(lost).toEqual([])
  })

  test('calls need two, also while they wait for a server', async ({
    broker,
    connectTo,
    createUser,
    rabbit,
    vhost,
  }) => {
    const username = await createUser('few', PASSWORD)
    await limitChannels(broker, username, 4)
    const calling = await connectTo({}, { ...fieldsOf(vhost.url), username, password: PASSWORD })
    const lost = losses(calling)
    const server = new RpcServer(rabbit, double, async ({ n }) => {
      await stable()
      return { doubled: 2 * n }
    })
    await server.start()
    const clients = Array.from({ length: 3 }, () => new RpcClient(calling, double))
    expect(await Promise.all(clients.map((client) => client.call({ n: 1 })))).toHaveLength(3)
    expect(lost).toEqual([])
  })

  test(
    'a send for which there is none fails in time, and says why',
    async ({ broker, connectTo, createUser, vhost }) => {
      const username = await createUser('few', PASSWORD)
      await limitChannels(broker, username, 1)
      const login = { ...fieldsOf(vhost.url), username, password: PASSWORD }
      const url = Object.assign(new URL(vhost.url), { username, password: PASSWORD }).href
      const other = await stranger(url)
      const rabbit = await connectTo({}, login)
      const lost = losses(rabbit)
      const producer = new Producer(rabbit, tasks)
      const refused = { name: 'PublishError', outcome: 'not-sent', message: expect.stringMatching(/user limit/) }
      await expect(producer.send({ n: 1 }, { timeoutMs: 3_000 })).rejects.toMatchObject(refused)
      expect(rabbit.health()).toMatchObject({ ready: false, why: expect.stringMatching(/user limit/) })
      const sending = producer.send({ n: 2 }, { timeoutMs: PATIENTLY })
      await other[Symbol.asyncDispose]()
      await limitChannels(broker, username, 2)
      await sending
      expect(lost).toHaveLength(1)
      expect(rabbit.health()).toMatchObject({ ready: true })
    },
    2 * PATIENTLY,
  )
})
