import { describe, expect } from 'vitest'
import { type CallOptions, procedure, RpcClient, RpcServer } from '../../src/index.js'
import { clearAlarm, raiseAlarm } from '../support/alarm.js'
import { double } from '../support/rpc.js'
import { stranger } from '../support/stranger.js'
import { eventually, gate, test } from '../support/support.js'

/** So long that a test which waits for it fails. */
const PATIENT: CallOptions = { timeoutMs: 120_000 }

describe('a call that cannot be sent', () => {
  test('waits for others where as many as maxInFlight have no answer, and for so many as maxQueued only', async ({
    connectTo,
  }) => {
    const rabbit = await connectTo({ maxInFlight: 5, maxQueued: 10 })
    const hold = gate()
    let running = 0
    await new RpcServer(
      rabbit,
      double,
      async ({ n }) => {
        if (n < 0) return { doubled: 0 }
        running += 1
        await hold.opened
        return { doubled: 2 * n }
      },
      { concurrency: 50 },
    ).start()
    const client = new RpcClient(rabbit, double)
    await client.call({ n: -1 })
    const calls = Array.from({ length: 15 }, (_, n) => client.call({ n }, PATIENT))
    const late = expect(client.call({ n: 99 })).rejects.toMatchObject({ name: 'PublishError', outcome: 'not-sent' })
    await eventually(() => expect(running).toBe(5))
    await late
    expect(running).toBe(5)
    hold.open()
    expect(await Promise.all(calls)).toHaveLength(15)
    expect(running).toBe(15)
  })

  test('because the queue is full is refused where confirms are asked for', async ({ rabbit, vhost, broker }) => {
    const args = { 'x-queue-type': 'classic', 'x-max-length': 0, 'x-overflow': 'reject-publish' }
    await broker.management.declareQueue(vhost.name, 'double', args)
    await using other = await stranger(vhost.url)
    await other.channel.consume('double', () => undefined)
    await other.channel.prefetch(1)
    await broker.management
      .publish(vhost.name, { exchange: '', routingKey: 'double', payload: 'x' })
      .catch(() => undefined)
    const client = new RpcClient(rabbit, double, { confirm: true })
    await expect(client.call({ n: 1 }, PATIENT)).rejects.toMatchObject({
      name: 'PublishError',
      outcome: 'refused',
    })
  })

  test('because the user may not publish is refused with the reason', async ({ connectTo, createUser, vhost }) => {
    const user = await createUser('reader', 'S3cr3t-reader', { configure: '.*', write: '^$', read: '.*' })
    const url = new URL(vhost.url)
    url.username = user
    url.password = 'S3cr3t-reader'
    const rabbit = await connectTo({}, url.href)
    await expect(new RpcClient(rabbit, double).call({ n: 1 }, PATIENT)).rejects.toMatchObject({
      name: 'BrokerError',
      replyCode: 403,
    })
  })

  test('because of an alarm times out as not sent, and the next one after it succeeds', async ({
    ownBroker,
    connectTo,
  }) => {
    const rabbit = await connectTo({}, ownBroker.url)
    await new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n })).start()
    const client = new RpcClient(rabbit, double)
    await client.call({ n: 1 })
    await raiseAlarm(ownBroker)
    // RabbitMQ tells of an alarm when something is published.
    await client.call({ n: 2 }, { timeoutMs: 2_000 }).catch(() => undefined)
    await eventually(() => expect(rabbit.health()).toMatchObject({ state: 'blocked' }))
    await expect(client.call({ n: 3 }, { timeoutMs: 300 })).rejects.toMatchObject({
      name: 'RpcTimeoutError',
      outcome: 'not-sent',
      message: expect.stringMatching(/could not be sent within 300 ms: the broker accepts no publishes/),
    })
    const waiting = client.call({ n: 4 }, PATIENT)
    await clearAlarm(ownBroker)
    expect(await waiting).toEqual({ doubled: 8 })
    await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }))
  })

  test('is given up by its signal, before and after it was sent', async ({ rabbit }) => {
    const started = gate()
    const hold = gate()
    await new RpcServer(rabbit, double, async ({ n }) => {
      started.open()
      await hold.opened
      return { doubled: 2 * n }
    }).start()
    const client = new RpcClient(rabbit, double)
    const reason = new Error('not wanted')
    await expect(client.call({ n: 1 }, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    const controller = new AbortController()
    const call = expect(client.call({ n: 2 }, { ...PATIENT, signal: controller.signal })).rejects.toBe(reason)
    await started.opened
    controller.abort(reason)
    await call
    hold.open()
    await eventually(() =>
      expect(rabbit.health().roles).toContainEqual(
        expect.objectContaining({ role: 'rpc-client', late: 1, inFlight: 0 }),
      ),
    )
  })
})

test('interceptors go around requests and their handlers', async ({ connectTo }) => {
  const rabbit = await connectTo({
    interceptors: [
      {
        publish: async ({ routingKey }, next) =>
          await next(routingKey === 'tenant-of' ? { tenant: 'acme' } : undefined),
        handle: async ({ headers }, next) => {
          if (headers.forbidden !== undefined) throw new Error('forbidden')
          await next()
        },
      },
    ],
  })
  const tenantOf = procedure('tenant-of', { request: double.requests.payload, response: double.responses.payload })
  const tenants: unknown[] = []
  await new RpcServer(rabbit, tenantOf, ({ n }, { headers }) => {
    tenants.push(headers.tenant)
    return { doubled: n }
  }).start()
  const client = new RpcClient(rabbit, tenantOf)
  expect(await client.call({ n: 1 })).toEqual({ doubled: 1 })
  await expect(client.call({ n: 2 }, { headers: { forbidden: true } })).rejects.toMatchObject({ reason: 'failed' })
  expect(tenants).toEqual(['acme'])
})
