import { describe, expect } from 'vitest'
import { ClosedError, RpcClient, RpcServer } from '../../src/index.js'
import { double } from '../support/rpc.js'
import { stranger } from '../support/stranger.js'
import { eventually, gate, test } from '../support/support.js'

const PATIENT = { timeoutMs: 120_000 }

describe('closing a server', () => {
  test('answers what runs, and gives back what has not begun', async ({ rabbit, connectTo, vhost }) => {
    const hold = gate()
    const handled: number[] = []
    const server = new RpcServer(
      rabbit,
      double,
      async ({ n }) => {
        handled.push(n)
        await hold.opened
        return { doubled: 2 * n }
      },
      { concurrency: 2, prefetch: 4 },
    )
    await server.start()
    const client = new RpcClient(await connectTo(), double)
    const calls = [1, 2, 3, 4].map((n) => client.call({ n }, PATIENT))
    await eventually(() => expect(handled).toHaveLength(2))
    await eventually(async () => expect(await vhost.queue('double')).toMatchObject({ messages_unacknowledged: 4 }))
    const closed = server.close()
    expect(server.close()).toBe(closed)
    await eventually(async () => expect(await vhost.consumers()).toHaveLength(0))
    await new RpcServer(rabbit, double, ({ n }) => ({ doubled: -n })).start()
    hold.open()
    await closed
    const answers = await Promise.all(calls)
    expect(answers.map(({ doubled }) => doubled > 0)).toEqual([1, 2, 3, 4].map((n) => handled.includes(n)))
    expect(handled).toHaveLength(2)
    await expect(server.start()).resolves.toBeUndefined()
  })

  test('aborts what runs too long; the broker delivers it again', async ({ rabbit, connectTo, vhost }) => {
    const reasons: unknown[] = []
    const server = new RpcServer(rabbit, double, async (_request, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      reasons.push(signal.reason)
      await gate().opened
      return { doubled: 0 }
    })
    await server.start()
    const call = new RpcClient(await connectTo(), double).call({ n: 1 }, PATIENT)
    await eventually(async () => expect(await vhost.queue('double')).toMatchObject({ messages_unacknowledged: 1 }))
    const other = new RpcServer(await connectTo(), double, ({ n }) => ({ doubled: 2 * n }))
    await other.start()
    await server.close({ timeoutMs: 200 })
    expect(reasons).toEqual([expect.any(ClosedError)])
    expect(await call).toEqual({ doubled: 2 })
  })
})

describe('closing a client', () => {
  test('waits for the running answers, and accepts no more requests', async ({ rabbit, connectTo }) => {
    const hold = gate()
    const started = gate()
    await new RpcServer(await connectTo(), double, async ({ n }) => {
      started.open()
      await hold.opened
      return { doubled: 2 * n }
    }).start()
    const client = new RpcClient(rabbit, double)
    const call = client.call({ n: 1 }, PATIENT)
    await started.opened
    const closed = client.close()
    const all = rabbit.close()
    await expect(client.call({ n: 2 })).rejects.toBeInstanceOf(ClosedError)
    hold.open()
    expect(await call).toEqual({ doubled: 2 })
    await Promise.all([closed, all])
    expect(() => new RpcClient(rabbit, double)).toThrow(ClosedError)
    expect(() => new RpcServer(rabbit, double, ({ n }) => ({ doubled: n }))).toThrow(ClosedError)
  })

  test('rejects what has no answer when its time is up, and leaves no channel', async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('double', { durable: true })
    const taken = gate()
    await other.channel.consume('double', taken.open)
    const client = new RpcClient(rabbit, double)
    const call = expect(client.call({ n: 1 }, PATIENT)).rejects.toBeInstanceOf(ClosedError)
    await taken.opened
    await client.close({ timeoutMs: 100 })
    await call
    expect(rabbit.health().roles).toEqual([])
    await eventually(async () => expect(await vhost.channels()).toHaveLength(1))
  })

  test('that has called nothing is done at once', async ({ rabbit }) => {
    await using client = new RpcClient(rabbit, double)
    expect(rabbit.health().roles).toMatchObject([{ role: 'rpc-client', ready: true, inFlight: 0 }])
    await client.close()
    await expect(client.call({ n: 1 })).rejects.toThrow("The client of 'double' has been closed")
  })
})
