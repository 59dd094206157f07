import { inspect } from 'node:util'
import { describe, expect } from 'vitest'
import { type CredentialsProvider, connect, Producer, Worker } from '../../src/index.js'
import { clearAlarm, raiseAlarm } from '../support/alarm.js'
import { eventually, firstEvent, stable, tasks, test } from '../support/support.js'
import { settled } from '../support/surprises.js'

const SECRET = 'S3cr3t-token'

describe('credentials', () => {
  test('as values win over those of the URL, and are shown nowhere', async ({ createUser, vhost, connectTo }) => {
    const username = await createUser('ann', SECRET)
    const rabbit = await connectTo({ credentials: { username, password: SECRET } })
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(async () => expect(await vhost.connections()).toMatchObject([{ user: username }]))
    expect(inspect(rabbit, { depth: null, showHidden: true })).not.toContain(SECRET)
  })

  test('from a function are asked for at every connect and reconnect, and may change meanwhile', async ({
    createUser,
    vhost,
    broker,
    connectTo,
  }) => {
    const username = await createUser('bob', 'S3cr3t-first')
    let password = 'S3cr3t-first'
    let asked = 0
    const credentials: CredentialsProvider = async () => {
      asked += 1
      return { username, password }
    }
    const rabbit = await connectTo({ credentials })
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 1 })
    expect(asked).toBe(1)
    await eventually(async () => expect(await vhost.connections()).toHaveLength(1))
    await stable()
    password = 'S3cr3t-second'
    await broker.management.createUser(username, password)
    const again = firstEvent(rabbit, 'connected')
    await vhost.closeConnections()
    await again
    await producer.send({ n: 2 })
    expect(asked).toBe(2)
  })

  test('that are refused after they once worked end nothing: it is tried on, slowly, and health says why', async ({
    createUser,
    vhost,
    broker,
    connectTo,
  }) => {
    const username = await createUser('cal', 'S3cr3t-old')
    const rabbit = await connectTo({ credentials: { username, password: 'S3cr3t-old' } })
    await new Producer(rabbit, tasks).send({ n: 1 })
    await eventually(async () => expect(await vhost.connections()).toHaveLength(1))
    await broker.management.createUser(username, 'S3cr3t-new')
    const failed = firstEvent(rabbit, 'connect-failed')
    await vhost.closeConnections()
    expect(await failed).toMatchObject({ reason: { reason: 'login-refused' }, attempt: expect.any(Number) })
    expect(rabbit.health()).toMatchObject({
      live: true,
      ready: false,
      state: 'reconnecting',
      why: expect.stringContaining(username),
    })
  })

  test('that cannot be had are a reason of their own, and are asked for again', async ({ connectTo }) => {
    let broken = true
    const credentials: CredentialsProvider = () => {
      if (broken) throw new Error('the vault is sealed')
      return { username: 'guest', password: 'guest' }
    }
    await expect(connectTo({ credentials, startupTimeoutMs: 300 })).rejects.toMatchObject({
      name: 'ConnectionError',
      reason: 'credentials',
      retryable: true,
      message: 'The credentials provider failed: the vault is sealed',
    })
    const rabbit = await connectTo({ credentials, startupTimeoutMs: Number.POSITIVE_INFINITY })
    await firstEvent(rabbit, 'connect-failed')
    expect(rabbit.health().why).toContain('vault')
    broken = false
    await firstEvent(rabbit, 'connected')
  })

  test('of a wrong shape, or that never come, are a clear reason too', async ({ connectTo }) => {
    const wrong = (() => ({ username: 'guest', token: SECRET })) as unknown as CredentialsProvider
    const failure: unknown = await connectTo({ credentials: wrong, startupTimeoutMs: 300 }).catch(
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ reason: 'credentials', message: expect.stringContaining('password') })
    expect(inspect(failure, { depth: null })).not.toContain(SECRET)
    const never: CredentialsProvider = () => new Promise(() => undefined)
    await expect(connectTo({ credentials: never, connectTimeoutMs: 100, startupTimeoutMs: 300 })).rejects.toMatchObject(
      { reason: 'credentials', message: expect.stringContaining('100 ms') },
    )
  })

  test('that expire are renewed on the open connection, which stays', async ({ ownBroker }) => {
    const asked: number[] = []
    let failOnce = true
    const credentials: CredentialsProvider = () => {
      asked.push(asked.length)
      if (asked.length === 3 && failOnce) {
        failOnce = false
        throw new Error('too busy')
      }
      return { username: 'guest', password: 'guest', refreshMs: 200 }
    }
    await using rabbit = await connect(ownBroker.url, { credentials })
    const lost: unknown[] = []
    rabbit.on('disconnected', ({ reason }) => lost.push(reason))
    const failed = firstEvent(rabbit, 'credentials-failed')
    expect(await failed).toMatchObject({ lane: 'publish', reason: { reason: 'credentials' } })
    await eventually(() => expect(asked.length).toBeGreaterThan(5))
    await eventually(async () => expect(await ownBroker.log()).toMatch(/update[d]? secret/i))
    expect(lost).toEqual([])
    await new Producer(rabbit, tasks).send({ n: 1 })
    const worker = new Worker(rabbit, tasks, () => undefined)
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await acked
  })

  test('that expire in an alarm are asked for when it ends, and the connection stays', async ({ ownBroker }) => {
    let asked = 0
    const credentials: CredentialsProvider = () => {
      asked += 1
      return { username: 'guest', password: 'guest', refreshMs: 200 }
    }
    await using rabbit = await connect(ownBroker.url, { credentials, connectTimeoutMs: 1_000 })
    const events: string[] = []
    rabbit.on('disconnected', ({ reason }) => events.push(reason.message))
    rabbit.on('credentials-failed', ({ reason }) => events.push(reason.message))
    const producer = new Producer(rabbit, tasks)
    await producer.send({ n: 1 })
    await raiseAlarm(ownBroker)
    const storing: Promise<unknown>[] = []
    // The broker may take some more before it has found that its memory is full.
    await eventually(() => {
      storing.push(settled(producer.send({ n: 2 })))
      expect(rabbit.health().lanes.publish.state).toBe('blocked')
    })
    const askedBefore = asked
    // It fails when its time is up, which is longer than any answer is waited for.
    expect(await settled(producer.send({ n: 3 }, { timeoutMs: 3_000 }))).toBe('failed')
    // It may have been asked when the alarm began.
    expect(asked - askedBefore).toBeLessThanOrEqual(1)
    expect(events).toEqual([])
    await clearAlarm(ownBroker)
    expect(new Set(await Promise.all(storing))).toEqual(new Set(['done']))
    const askedAfter = asked
    await eventually(() => expect(asked).toBeGreaterThan(askedAfter + 2))
    expect(events).toEqual([])
  })

  test('of an impossible kind are refused at the door', async ({ connectTo }) => {
    const impossible = { username: 'guest' } as unknown as CredentialsProvider
    await expect(connectTo({ credentials: impossible })).rejects.toMatchObject({
      name: 'OptionsError',
      message: expect.stringContaining("'external'"),
    })
  })
})
