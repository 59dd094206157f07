import { describe, expect } from 'vitest'
import { type CallOptions, RpcClient, RpcServer } from '../../src/index.js'
import { double, nextEvent } from '../support/rpc.js'
import { stranger } from '../support/stranger.js'
import { eventually, gate, test } from '../support/support.js'

/** So long that a test which waits for it fails. */
const PATIENT: CallOptions = { timeoutMs: 120_000 }

describe('a call whose server takes too long', () => {
  test('times out, and says that the request may have been handled', async ({ rabbit }) => {
    await new RpcServer(rabbit, double, async ({ n }) => {
      if (n === 1) await gate().opened
      return { doubled: 2 * n }
    }).start()
    const client = new RpcClient(rabbit, double)
    await expect(client.call({ n: 1 }, { timeoutMs: 300 })).rejects.toMatchObject({
      name: 'RpcTimeoutError',
      outcome: 'unknown',
      retryable: true,
      timeoutMs: 300,
      message: "No answer from 'double' within 300 ms; the request may have been handled",
    })
    expect(await client.call({ n: 2 })).toEqual({ doubled: 4 })
  })

  test('drops and counts what comes too late', async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('double', { durable: true })
    const late = gate()
    await other.channel.consume('double', async (message) => {
      const { replyTo, correlationId } = message?.properties ?? {}
      await late.opened
      other.channel.sendToQueue(replyTo, Buffer.from('{"doubled":2}'), { correlationId })
    })
    await expect(new RpcClient(rabbit, double).call({ n: 1 }, { timeoutMs: 300 })).rejects.toThrow('No answer')
    late.open()
    await eventually(() => expect(rabbit.health().roles).toMatchObject([{ role: 'rpc-client', late: 1, unknown: 0 }]))
  })

  test('aborts the signal of its handler when no client waits any more, and sends no answer', async ({ rabbit }) => {
    const reasons: unknown[] = []
    const server = new RpcServer(rabbit, double, async (_request, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      reasons.push(signal.reason)
      return { doubled: 0 }
    })
    const expired = nextEvent(server, 'request.expired')
    await server.start()
    const client = new RpcClient(rabbit, double)
    await expect(client.call({ n: 1 }, { timeoutMs: 500 })).rejects.toMatchObject({ outcome: 'unknown' })
    expect(await expired).toMatchObject({ begun: true })
    expect(reasons).toEqual([expect.objectContaining({ name: 'HandlerTimeout' })])
    expect(rabbit.health().roles).toContainEqual(expect.objectContaining({ role: 'rpc-client', late: 0, unknown: 0 }))
  })

  test('is not begun when it was held for longer than its client waits', async ({ rabbit, vhost }) => {
    const hold = gate()
    const handled: number[] = []
    const server = new RpcServer(
      rabbit,
      double,
      async ({ n }) => {
        handled.push(n)
        if (n === 1) await hold.opened
        return { doubled: 2 * n }
      },
      { concurrency: 1, prefetch: 5 },
    )
    const expired = nextEvent(server, 'request.expired')
    await server.start()
    const client = new RpcClient(rabbit, double)
    const first = client.call({ n: 1 }, PATIENT)
    await eventually(() => expect(handled).toEqual([1]))
    await expect(client.call({ n: 2 }, { messageId: 'second', timeoutMs: 300 })).rejects.toThrow('No answer')
    hold.open()
    expect(await first).toEqual({ doubled: 2 })
    expect(await expired).toMatchObject({ messageId: 'second', begun: false })
    expect(handled).toEqual([1])
    await eventually(async () => expect(await vhost.queue('double')).toMatchObject({ messages: 0 }))
  })

  test('expires in its queue, where no server has it', async ({ rabbit, vhost }) => {
    const server = new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n }))
    await server.start()
    await server.close()
    await using other = await stranger(vhost.url)
    const client = new RpcClient(rabbit, double)
    const call = client.call({ n: 1 }, { timeoutMs: 200 })
    await expect(call).rejects.toMatchObject({ name: expect.stringMatching(/RpcTimeoutError|RpcNoResponderError/) })
    await eventually(async () => expect(await other.channel.get('double', { noAck: true })).toBe(false))
  })
})

describe('a call that no server can answer', () => {
  test('rejects at once where there is no queue', async ({ rabbit }) => {
    await expect(new RpcClient(rabbit, double).call({ n: 1 }, PATIENT)).rejects.toMatchObject({
      name: 'RpcNoResponderError',
      reason: 'no-queue',
      procedure: 'double',
      retryable: true,
    })
  })

  test('rejects while the queue has no consumer, and succeeds when it has one again', async ({ rabbit }) => {
    const serve = async (): Promise<RpcServer<typeof double>> => {
      const server = new RpcServer(rabbit, double, ({ n }) => ({ doubled: 2 * n }))
      await server.start()
      return server
    }
    await (await serve()).close()
    const client = new RpcClient(rabbit, double)
    const absent = { name: 'RpcNoResponderError', reason: 'no-consumers', retryable: true }
    await expect(client.call({ n: 1 }, PATIENT)).rejects.toMatchObject(absent)
    const server = await serve()
    expect(await client.call({ n: 2 }, PATIENT)).toEqual({ doubled: 4 })
    await server.close()
    await expect(client.call({ n: 3 }, PATIENT)).rejects.toMatchObject(absent)
  })

  test('waits for the next server when its only one gives it back, and rejects when the queue goes', async ({
    rabbit,
    connectTo,
    vhost,
    broker,
  }) => {
    const servers = await connectTo()
    const started = gate()
    await new RpcServer(servers, double, async () => {
      started.open()
      await gate().opened
      return { doubled: 0 }
    }).start()
    const client = new RpcClient(rabbit, double)
    const call = client.call({ n: 1 }, PATIENT)
    await started.opened
    await servers.close({ timeoutMs: 0 })
    const next = new RpcServer(await connectTo(), double, ({ n }) => ({ doubled: 2 * n }))
    await next.start()
    expect(await call).toEqual({ doubled: 2 })
    await next.close()
    const again = expect(client.call({ n: 1 }, PATIENT)).rejects.toMatchObject({ name: 'RpcNoResponderError' })
    await broker.management.deleteQueue(vhost.name, 'double')
    await again
  })
})
