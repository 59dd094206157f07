import { startFaultProxy } from '@leveret/testing'
import { describe, expect } from 'vitest'
import { procedure, RpcClient, RpcServer } from '../../src/index.js'
import { double } from '../support/rpc.js'
import { stranger } from '../support/stranger.js'
import { eventually, gate, stable, test } from '../support/support.js'

const PATIENT = { timeoutMs: 120_000 }

describe('a client whose connection is reset', () => {
  test('rejects what was in flight at once, and sends the next call when it listens again', async ({
    connectTo,
    proxy,
    vhost,
  }) => {
    const hold = gate()
    const handled: number[] = []
    await new RpcServer(await connectTo(), double, async ({ n }) => {
      handled.push(n)
      if (n < 10) await hold.opened
      return { doubled: 2 * n }
    }).start()
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const client = new RpcClient(rabbit, double)
    for (let round = 0; round < 3; round += 1) {
      await stable()
      const calls = [1, 2, 3].map((n) => client.call({ n }, PATIENT).catch((error: unknown) => error))
      await eventually(() => expect(handled).toHaveLength(4 * round + 3))
      proxy.reset()
      const lost = {
        name: 'ConnectionError',
        reason: 'lost',
        retryable: true,
        message: expect.stringContaining('may have been handled'),
      }
      expect(await Promise.all(calls)).toMatchObject([lost, lost, lost])
      expect(await client.call({ n: 10 + round }, PATIENT)).toEqual({ doubled: 20 + 2 * round })
    }
    hold.open()
    await eventually(() => expect(rabbit.health()).toMatchObject({ ready: true }))
    expect(rabbit.health().roles).toMatchObject([{ role: 'rpc-client', inFlight: 0 }])
    // Nothing was sent twice.
    expect(handled).toHaveLength(12)
  })

  test('sends what had not been sent, once, when there is a connection', async ({ connectTo, proxy, vhost }) => {
    const handled: number[] = []
    await new RpcServer(await connectTo(), double, ({ n }) => {
      handled.push(n)
      return { doubled: 2 * n }
    }).start()
    const rabbit = await connectTo({}, proxy.urlFor(vhost.url))
    const client = new RpcClient(rabbit, double)
    await client.call({ n: 0 })
    proxy.refuse()
    proxy.reset()
    await eventually(() => expect(rabbit.state).toBe('reconnecting'))
    const calls = [1, 2, 3].map((n) => client.call({ n }, PATIENT))
    await expect(client.call({ n: 99 }, { timeoutMs: 100 })).rejects.toMatchObject({
      name: 'RpcTimeoutError',
      outcome: 'not-sent',
    })
    expect(rabbit.health()).toMatchObject({ ready: false })
    await proxy.accept()
    expect(await Promise.all(calls)).toEqual([{ doubled: 2 }, { doubled: 4 }, { doubled: 6 }])
    expect(handled).toEqual([0, 1, 2, 3])
  })
})

describe('a server', () => {
  test('whose connection is reset gets the request again, and answers it', async ({
    connectTo,
    rabbit,
    broker,
    vhost,
  }) => {
    const proxy = await startFaultProxy({ to: broker.url })
    const servers = await connectTo({}, proxy.urlFor(vhost.url))
    const attempts: boolean[] = []
    const server = new RpcServer(servers, double, async ({ n }, { redelivered, signal }) => {
      attempts.push(redelivered)
      if (!redelivered) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return { doubled: 2 * n }
    })
    const stale = new Promise((resolve) => server.on('delivery.stale', resolve))
    await server.start()
    await stable()
    const call = new RpcClient(rabbit, double).call({ n: 1 }, PATIENT)
    await eventually(() => expect(attempts).toEqual([false]))
    proxy.reset()
    expect(await call).toEqual({ doubled: 2 })
    expect(attempts).toEqual([false, true])
    await stale
    await servers.close()
    await proxy.close()
  })

  test('of a classic queue, which does not count, answers what came back twice', async ({
    connectTo,
    rabbit,
    proxy,
    vhost,
  }) => {
    const classic = procedure('classic', {
      request: double.requests.payload,
      response: double.responses.payload,
      queue: { type: 'classic' },
    })
    const declaring = new RpcServer(rabbit, classic, () => ({ doubled: 0 }))
    await declaring.start()
    await declaring.close()
    // It counts as somebody who is there, and takes no more than this.
    await using other = await stranger(vhost.url)
    await Promise.all([other.channel.prefetch(1), other.channel.consume('classic', () => undefined)])
    other.channel.sendToQueue('classic', Buffer.from('held'))
    const servers = await connectTo({}, proxy.urlFor(vhost.url))
    let begun = 0
    await new RpcServer(servers, classic, async ({ n }, { signal }) => {
      begun += 1
      if (begun < 3) await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return { doubled: 2 * n }
    }).start()
    const call = new RpcClient(rabbit, classic).call({ n: 1 }, PATIENT)
    for (const times of [1, 2]) {
      await stable()
      await eventually(() => expect(begun).toBe(times))
      proxy.reset()
    }
    expect(await call).toEqual({ doubled: 2 })
    await eventually(async () => expect(await vhost.queue('classic')).toMatchObject({ messages: 1 }))
  })

  test('that dies before it answers leaves the request to another', async ({ connectTo, rabbit }) => {
    const dying = await connectTo()
    const started = gate()
    const first = new RpcServer(dying, double, async () => {
      started.open()
      await gate().opened
      return { doubled: 0 }
    })
    await first.start()
    const call = new RpcClient(rabbit, double).call({ n: 1 }, PATIENT)
    await started.opened
    await new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n })).start()
    await dying.close({ timeoutMs: 0 })
    expect(await call).toEqual({ doubled: 2 })
  })

  test('goes on when a reply cannot be delivered, or its address is nonsense', async ({ rabbit, vhost }) => {
    const handled: number[] = []
    const server = new RpcServer(rabbit, double, ({ n }) => {
      handled.push(n)
      return { doubled: 2 * n }
    })
    const unanswerable: unknown[] = []
    server.on('request.unanswerable', ({ messageId }) => unanswerable.push(messageId))
    await server.start()
    await using other = await stranger(vhost.url)
    const ask = (n: number, properties: object): unknown =>
      other.channel.sendToQueue('double', Buffer.from(JSON.stringify({ n })), properties)
    ask(1, { replyTo: 'nobody-is-here' })
    ask(2, { replyTo: 'amq.rabbitmq.reply-to.nonsense' })
    ask(4, { messageId: 'no address' })
    ask(5, { replyTo: 'nobody-is-here', headers: { 'leveret-timeout': 'soon', 'leveret-deadline': 'soon' } })
    ask(6, { replyTo: 'nobody-is-here', headers: { 'leveret-timeout': -1, 'leveret-deadline': -1 } })
    ask(7, { replyTo: 'nobody-is-here', headers: { 'leveret-deadline': Date.now() - 1_000 } })
    expect(await new RpcClient(rabbit, double).call({ n: 8 })).toEqual({ doubled: 16 })
    await eventually(async () => expect(await vhost.queue('double')).toMatchObject({ messages: 0, consumers: 1 }))
    expect(handled.sort()).toEqual([1, 2, 5, 6, 7, 8])
    expect(unanswerable).toEqual(['no address'])
  })
})

describe('a reply', () => {
  test('that belongs to no call is dropped and counted, and settles no call', async ({ rabbit, vhost }) => {
    const seen: { replyTo: string; correlationId: string }[] = []
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('double', { durable: true, arguments: { 'x-queue-type': 'quorum' } })
    await other.channel.consume('double', (message) => {
      const { replyTo, correlationId } = message?.properties ?? {}
      seen.push({ replyTo, correlationId })
    })
    const call = new RpcClient(rabbit, double).call({ n: 1 }, PATIENT)
    await eventually(() => expect(seen).toHaveLength(1))
    const [{ replyTo = '', correlationId = '' } = {}] = seen
    const reply = (doubled: number, properties: object): unknown =>
      other.channel.sendToQueue(replyTo, Buffer.from(JSON.stringify({ doubled })), properties)
    reply(666, { correlationId: 'guessed' })
    reply(666, {})
    reply(666, { correlationId: correlationId.toUpperCase() })
    reply(2, { correlationId })
    reply(666, { correlationId })
    expect(await call).toEqual({ doubled: 2 })
    await eventually(() => expect(rabbit.health().roles).toMatchObject([{ role: 'rpc-client', unknown: 3, late: 1 }]))
  })

  test.for([
    [{ 'leveret-error': 'from-the-future' }, { name: 'RpcRemoteError', reason: 'unknown' }],
    [{ 'leveret-error': 7 }, { name: 'RpcRemoteError', reason: 'unknown' }],
    [{ 'leveret-error': 'declared' }, { name: 'RpcRemoteError', reason: 'unknown' }],
    [
      { 'leveret-error': 'declared', 'leveret-error-code': 'NotDeclared' },
      { name: 'RpcRemoteError', reason: 'unknown' },
    ],
    [
      { 'leveret-error': 'declared', 'leveret-error-code': 'constructor' },
      { name: 'RpcRemoteError', reason: 'unknown' },
    ],
    [
      { 'leveret-error': 'declared', 'leveret-error-code': 'TooBig' },
      { name: 'PayloadError', contract: 'double (TooBig)' },
    ],
    [{ 'leveret-error': 'invalid-request' }, { name: 'RpcRemoteError', reason: 'invalid-request', issues: [] }],
    [{ 'leveret-error-code': 'TooBig' }, { name: 'PayloadError', direction: 'incoming' }],
  ] as const)('with the headers %j is no response: %j', async ([headers, expected], { rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('double', { durable: true })
    await other.channel.consume('double', (message) => {
      const { replyTo, correlationId } = message?.properties ?? {}
      other.channel.sendToQueue(replyTo, Buffer.from('"nonsense"'), { correlationId, headers })
    })
    await expect(new RpcClient(rabbit, double).call({ n: 1 })).rejects.toMatchObject(expected)
  })
})
