import { describe, expect } from 'vitest'
import { RpcClient, RpcServer } from '../../src/index.js'
import { double, nextEvent } from '../support/rpc.js'
import { type Stranger, stranger } from '../support/stranger.js'
import { gate, stable, test } from '../support/support.js'

const HOUR_MS = 3_600_000

/** Has a call made by a machine whose clock is that far ahead: a call reads the clock before it returns its promise. */
function withClock<T>(aheadMs: number, call: () => Promise<T>): Promise<T> {
  const { now } = Date
  Date.now = () => now() + aheadMs
  try {
    return call()
  } finally {
    Date.now = now
  }
}

type Client = RpcClient

/** A client whose channel is open, so that it writes a request at once. */
async function attached<C extends Pick<Client, 'call'>>(client: C): Promise<C> {
  await client.call({ n: 0 })
  return client
}

describe('a request of a client whose clock', () => {
  test.for([
    ['is an hour behind', -HOUR_MS],
    ['is an hour ahead', HOUR_MS],
    ['is behind by most of the time that it waits', -8_000],
  ] as const)('%s is handled, with all of its time', async ([, aheadMs], { rabbit }) => {
    const left: number[] = []
    await using server = new RpcServer(rabbit, double, ({ n }, { deadline }) => {
      left.push(deadline.getTime() - Date.now())
      return { doubled: 2 * n }
    })
    await server.start()
    const client = await attached(new RpcClient(rabbit, double))
    expect(await withClock(aheadMs, () => client.call({ n: 2 }, { timeoutMs: 10_000 }))).toEqual({ doubled: 4 })
    expect(left[1]).toBeGreaterThan(3_000)
    expect(left[1]).toBeLessThanOrEqual(10_001)
  })

  test.for([-HOUR_MS, HOUR_MS])(
    'differs by %i ms is reported, when a server has held it for too long',
    async (aheadMs, { rabbit }) => {
      const [begun, hold] = [gate(), gate()]
      await using server = new RpcServer(
        rabbit,
        double,
        async ({ n }) => {
          if (n === 1) begun.open()
          if (n === 1) await hold.opened
          return { doubled: 2 * n }
        },
        { concurrency: 1, prefetch: 2 },
      )
      const expired = nextEvent(server, 'request.expired')
      await server.start()
      const client = await attached(new RpcClient(rabbit, double))
      const first = client.call({ n: 1 })
      await begun.opened
      await expect(withClock(aheadMs, () => client.call({ n: 2 }, { timeoutMs: 1_000 }))).rejects.toThrow('No answer')
      // The server counts from the arrival.
      await stable()
      hold.open()
      await first
      const { begun: hasBegun, lateByMs, clocksDifferByMs } = await expired
      expect(hasBegun).toBe(false)
      expect(lateByMs).toBeGreaterThanOrEqual(0)
      expect(clocksDifferByMs).toBeGreaterThan(HOUR_MS - 60_000)
      expect(clocksDifferByMs).toBeLessThan(HOUR_MS + 60_000)
    },
  )
})

test('a request that expires at a server whose clock agrees is reported as late, without a word of clocks', async ({
  rabbit,
}) => {
  await using server = new RpcServer(rabbit, double, async (_request, { signal }) => {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    return { doubled: 0 }
  })
  const expired = nextEvent(server, 'request.expired')
  await server.start()
  await expect(new RpcClient(rabbit, double).call({ n: 1 }, { timeoutMs: 300 })).rejects.toThrow(
    /may have been handled$/,
  )
  expect(await expired).toMatchObject({ begun: true, lateByMs: expect.any(Number), clocksDifferByMs: 0 })
})

/** Answers the first call only, in another program's way. */
async function answerFirst({ channel }: Stranger, timestamp: number): Promise<void> {
  await channel.assertQueue('double')
  await channel.consume('double', (message) => {
    const { replyTo, correlationId } = message?.properties ?? {}
    if (String(message?.content) !== '{"n":0}') return
    channel.sendToQueue(replyTo, Buffer.from('{"doubled":0}'), { correlationId, timestamp })
  })
}

test.for([
  ['ahead', HOUR_MS],
  ['behind', -HOUR_MS],
] as const)(
  'a call that is given up says so when the clock of a server is %s',
  async ([how, aheadMs], { rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    await answerFirst(other, Math.floor((Date.now() + aheadMs) / 1_000))
    const client = await attached(new RpcClient(rabbit, double))
    await expect(client.call({ n: 1 }, { timeoutMs: 200 })).rejects.toThrow(
      new RegExp(`^No answer from 'double' within 200 ms; .*: the clock of a server is (3[56]\\d\\d) s ${how}`),
    )
  },
)

test('and nothing of clocks when a server writes milliseconds for seconds', async ({ rabbit, vhost }) => {
  await using other = await stranger(vhost.url)
  await answerFirst(other, Date.now())
  const client = await attached(new RpcClient(rabbit, double))
  await expect(client.call({ n: 1 }, { timeoutMs: 200 })).rejects.toThrow(/may have been handled$/)
})
