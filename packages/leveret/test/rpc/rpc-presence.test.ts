import { describe, expect, onTestFinished, vi } from 'vitest'
import { z } from 'zod'
import { Channel } from '../../src/amqp/channel.js'
import { Link } from '../../src/amqp/link.js'
import {
  type CallOptions,
  type CallTrace,
  type Procedure,
  Producer,
  procedure,
  RpcClient,
  RpcServer,
  text,
  workQueue,
} from '../../src/index.js'
import { clearAlarm, raiseAlarm } from '../support/alarm.js'
import { double } from '../support/rpc.js'
import { eventually, gate, tasks, test } from '../support/support.js'
import { onPublishEnd, onTopic } from '../support/traces.js'

/** So long that a test which waits for it fails. */
const PATIENT: CallOptions = { timeoutMs: 120_000 }

/** @returns a function that resolves when a client has looked for servers so many times more */
function watchLooks(): (more: number) => Promise<void> {
  const looked = vi.spyOn(Channel.prototype, 'checkQueue')
  onTestFinished(() => void vi.restoreAllMocks())
  return async (more) => {
    const enough = looked.mock.results.length + more
    await eventually(() => expect(looked.mock.results.length).toBeGreaterThanOrEqual(enough))
  }
}

const { request, response } = { request: z.object({ n: z.int() }), response: z.object({ doubled: z.int() }) }
const [onQuorum, onClassic] = (['quorum', 'classic'] as const).map((type) =>
  procedure('double', { request, response, queue: { type } }),
) as [Procedure<typeof request, typeof response>, Procedure<typeof request, typeof response>]

describe('a server that closes gracefully', () => {
  test.for([
    ['at once, on a quorum queue', onQuorum, 0],
    ['at once, on a classic queue', onClassic, 0],
    ['when its client has looked, on a classic queue', onClassic, 3],
  ] as const)('is not absent: what it has begun is answered (%s)', async ([, contract, looksBefore], { connectTo }) => {
    const looks = watchLooks()
    const [begun, hold] = [gate(), gate()]
    const handle = async ({ n }: { n: number }): Promise<{ doubled: number }> => {
      begun.open()
      await hold.opened
      return { doubled: 2 * n }
    }
    const server = new RpcServer(await connectTo(), contract, handle, { concurrency: 1, prefetch: 1 })
    await server.start()
    const client = new RpcClient(await connectTo(), contract)
    const inHand = client.call({ n: 1 }, PATIENT)
    await begun.opened
    await looks(looksBefore)
    const closing = server.close({ timeoutMs: 60_000 })
    await looks(1)
    // RabbitMQ counts a cancelled consumer of a quorum queue as long as it holds something.
    if (contract === onClassic) {
      const behind = { name: 'RpcNoResponderError', reason: 'no-consumers' }
      await expect(client.call({ n: 2 }, PATIENT)).rejects.toMatchObject(behind)
    }
    await looks(3)
    hold.open()
    expect(await inHand).toEqual({ doubled: 2 })
    await closing
  })
})

test('the first call in an alarm asks for no channel, and goes out when the alarm has ended', async ({
  ownBroker,
  connectTo,
}) => {
  const servers = await connectTo({}, ownBroker.url)
  await new RpcServer(servers, double, ({ n }) => ({ doubled: 2 * n })).start()
  const rabbit = await connectTo({ connectTimeoutMs: 500 }, ownBroker.url)
  const producer = new Producer(rabbit, tasks)
  await producer.send({ n: 0 })
  await raiseAlarm(ownBroker)
  // RabbitMQ tells of an alarm when something is published.
  const sending = producer.send({ n: 1 }, { timeoutMs: 120_000 })
  await eventually(() => expect(rabbit.health()).toMatchObject({ state: 'blocked' }))
  const opened = vi.spyOn(Link.prototype, 'openChannel')
  onTestFinished(() => void vi.restoreAllMocks())
  const client = new RpcClient(rabbit, double)
  await expect(client.call({ n: 1 }, { timeoutMs: 1_500 })).rejects.toMatchObject({ outcome: 'not-sent' })
  const waiting = client.call({ n: 2 }, PATIENT)
  expect(opened).not.toHaveBeenCalled()
  await clearAlarm(ownBroker)
  expect(await waiting).toEqual({ doubled: 4 })
  await sending
})

test('a request that no queue takes is reported as written, and its call as failed', async ({ connectTo, vhost }) => {
  const name = `caller ${vhost.name}`
  const told: string[] = []
  onPublishEnd(({ connection, kind, routingKey, messageId, outcome }) => {
    if (connection === name) told.push(`${kind} ${outcome} ${routingKey} ${messageId}`)
  })
  onTopic<CallTrace>('tracing:leveret:call:asyncEnd', ({ connection, contract, error }) => {
    if (connection === name) told.push(`call ${contract} ${(error as Error).name}`)
  })
  const client = new RpcClient(await connectTo({ name }), double)
  await expect(client.call({ n: 1 }, { ...PATIENT, messageId: 'm1' })).rejects.toMatchObject({ reason: 'no-queue' })
  await eventually(() => expect(told).toEqual(['request written double m1', 'call double RpcNoResponderError']))
})

test('interceptors of a call go on when it was written, and its answer is the caller’s', async ({ connectTo }) => {
  const steps: string[] = []
  const hold = gate()
  const rabbit = await connectTo({
    interceptors: [
      {
        publish: async ({ routingKey }, next) => {
          await next()
          if (routingKey === 'double') steps.push('written')
          hold.open()
        },
      },
    ],
  })
  await new RpcServer(await connectTo(), double, async ({ n }) => {
    await hold.opened
    steps.push('handled')
    return { doubled: 2 * n }
  }).start()
  expect(await new RpcClient(rabbit, double).call({ n: 1 }, PATIENT)).toEqual({ doubled: 2 })
  expect(steps).toEqual(['written', 'handled'])
})

test('a call goes out when a socket that was full of other messages has taken them', async ({
  connectTo,
  proxy,
  vhost,
}) => {
  await new RpcServer(await connectTo(), double, ({ n }) => ({ doubled: 2 * n })).start()
  const rabbit = await connectTo({ maxQueuedBytes: 2 ** 20, maxInFlight: 5 }, proxy.urlFor(vhost.url))
  const client = new RpcClient(rabbit, double)
  expect(await client.call({ n: 1 })).toEqual({ doubled: 2 })
  const blobs = new Producer(rabbit, workQueue('blobs', { payload: z.string(), codec: text }))
  await blobs.send('x')
  proxy.blackHole()
  const sending = blobs.send('x'.repeat(8 * 2 ** 20))
  const call = client.call({ n: 2 }, PATIENT)
  proxy.heal()
  expect(await call).toEqual({ doubled: 4 })
  await sending
})
