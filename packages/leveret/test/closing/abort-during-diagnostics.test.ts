import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  type Connection,
  fanoutExchange,
  type MessageDiagnostics,
  Producer,
  Publisher,
  type PublishTrace,
  procedure,
  RpcClient,
  RpcServer,
  workQueue,
} from '../../src/index.js'
import { test } from '../support/support.js'
import { onPublishEnd, onTopic } from '../support/traces.js'

const payload = z.int()
const queue = workQueue('queue', { payload })
const classic = workQueue('queue', { payload, queue: { type: 'classic' } })
const logs = fanoutExchange('logs', { payload })

/** Calls back for each message to which this happens. */
function on(what: 'published' | 'confirmed' | 'returned' | 'failed', act: (messageId: string) => void): void {
  if (what === 'published') onTopic<MessageDiagnostics>('leveret:published', ({ messageId }) => act(messageId))
  else onPublishEnd((trace) => (endOf(trace) === what ? act(trace.messageId) : undefined))
}

function endOf({ outcome }: PublishTrace): 'confirmed' | 'returned' | 'failed' {
  return outcome === 'confirmed' || outcome === 'returned' ? outcome : 'failed'
}

/** Sends five with one signal, which is aborted when this happens to the first of them. */
async function sendFive(
  rabbit: Connection,
  what: 'published' | 'confirmed' | 'returned' | 'failed',
  send: (n: number, options: { readonly signal: AbortSignal }) => Promise<unknown>,
): Promise<PromiseSettledResult<unknown>[]> {
  const abort = new AbortController()
  const ends: string[] = []
  for (const end of ['confirmed', 'returned', 'failed'] as const) on(end, (id) => void ends.push(id))
  on(what, () => abort.abort())
  const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => send(n, { signal: abort.signal })))
  expect(ends).toHaveLength(5)
  expect(new Set(ends).size).toBe(5)
  expect(rabbit.health().roles).toMatchObject([{ inFlight: 0 }])
  // It waits for what has not settled.
  await rabbit.close({ timeoutMs: 600_000 })
  return outcomes
}

describe('five sends settle once each, and keep no close waiting, when their signal is aborted in a listener: one of them', () => {
  test.for(['published', 'confirmed'] as const)('is reported as %s', async (what, { rabbit }) => {
    const producer = new Producer(rabbit, queue)
    await producer.send(0)
    const [first] = await sendFive(rabbit, what, (n, options) => producer.send(n, options))
    expect(first?.status).toBe(what === 'published' ? 'rejected' : 'fulfilled')
  })

  test('is reported as returned', async ({ connectTo }) => {
    const rabbit = await connectTo({ topology: 'skip' })
    const producer = new Producer(rabbit, queue)
    const [first] = await sendFive(rabbit, 'returned', (n, options) => producer.send(n, options))
    expect(first).toMatchObject({ reason: { outcome: 'returned' } })
  })

  test('is reported as failed, because the exchange does not exist', async ({ connectTo }) => {
    const rabbit = await connectTo({ topology: 'skip' })
    const publisher = new Publisher(rabbit, logs)
    const [first] = await sendFive(rabbit, 'failed', (n, options) => publisher.publish(n, options))
    expect(first).toMatchObject({ reason: { outcome: 'refused' } })
  })

  test('is reported as failed, because its queue has other arguments', async ({ connectTo, rabbit }) => {
    await new Producer(await connectTo(), classic).send(0)
    const producer = new Producer(rabbit, queue)
    const [first, second] = await sendFive(rabbit, 'failed', (n, options) => producer.send(n, options))
    expect(first).toMatchObject({ reason: { name: 'TopologyMismatchError' } })
    expect(second).toMatchObject({ reason: { outcome: 'not-sent' } })
  })
})

test.for(['published', 'confirmed'] as const)(
  'five calls settle once each when their signal is aborted in a listener: one of them is reported as %s',
  async (what, { rabbit }) => {
    const echo = procedure('echo', { request: payload, response: payload })
    await using server = new RpcServer(rabbit, echo, (n) => n)
    await server.start()
    const client = new RpcClient(rabbit, echo)
    expect(await client.call(0)).toBe(0)
    const abort = new AbortController()
    on(what, () => abort.abort(new Error('enough')))
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => client.call(n, { signal: abort.signal })))
    expect(outcomes).toHaveLength(5)
    expect(rabbit.health().roles).toMatchObject([{ role: 'rpc-server' }, { role: 'rpc-client', inFlight: 0 }])
    await client.close({ timeoutMs: 600_000 })
  },
)

test('of three sends of one messageId the third goes when the second, which waits for the first, is aborted', async ({
  rabbit,
}) => {
  const producer = new Producer(rabbit, queue)
  await producer.send(0)
  const abort = new AbortController()
  const options = { messageId: 'same', timeoutMs: 10_000 }
  const first = producer.send(1, options)
  const second = producer.send(2, { ...options, signal: abort.signal })
  const third = producer.send(3, options)
  abort.abort()
  await expect(second).rejects.toMatchObject({ outcome: 'not-sent' })
  expect(await Promise.all([first, third])).toEqual([{ messageId: 'same' }, { messageId: 'same' }])
})

test.for([30, 300])(
  'of %i sends of one messageId all go but those that are aborted while they wait, in their order',
  async (many, { rabbit }) => {
    const producer = new Producer(rabbit, queue)
    await producer.send(0)
    const abort = new AbortController()
    const stored: number[] = []
    const sends = Array.from({ length: many }, async (_, n) => {
      // Most of them: what has settled is then dropped while others wait.
      const signal = n % 10 === 0 ? undefined : abort.signal
      await producer.send(n, { messageId: 'same', timeoutMs: 10_000, signal })
      stored.push(n)
    })
    abort.abort()
    await Promise.allSettled(sends)
    expect(stored).toEqual(Array.from({ length: many / 10 }, (_, n) => n * 10))
  },
)
