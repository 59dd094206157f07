import { expect } from 'vitest'
import { LeveretError, RpcClient, RpcServer, type RpcServerEvents } from '../../src/index.js'
import { fuzzed } from '../publishing/fuzz/deliveries.js'
import { BYSTANDER, randomHeaders } from '../publishing/fuzz/headers.js'
import { publishRaw, shortText } from '../publishing/fuzz/wire.js'
import { Random } from '../support/random.js'
import { double } from '../support/rpc.js'
import { stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

/** `LEVERET_FUZZ=20000` is a long run, `LEVERET_SEED` makes its messages again. */
const MESSAGES = Math.ceil(Number(process.env.LEVERET_FUZZ ?? 2_000) / 4)
const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 32)
const PATIENCE = { timeoutMs: 60_000 }
const ENDS = [
  'request.answered',
  'request.failed',
  'request.expired',
  'request.unanswerable',
  'reply.failed',
] as const satisfies readonly (keyof RpcServerEvents)[]

forbidSurprises()

test('a server comes to one end with whatever it is asked, and goes on', async ({ rabbit, vhost }) => {
  const random = new Random(SEED)
  console.log(`${MESSAGES} requests, LEVERET_SEED=${SEED}`)
  const ends = new Map<string, string[]>()
  const handled = new Map<string, number>()
  const losses: unknown[] = []
  const server = new RpcServer(rabbit, double, ({ n }, { messageId = '' }) => {
    handled.set(messageId, (handled.get(messageId) ?? 0) + 1)
    if (n % 3 === 0) throw new Error('as planned')
    return { doubled: 2 * n }
  })
  for (const name of ENDS) {
    server.on(name, ({ messageId = '' }) => ends.set(messageId, [...(ends.get(messageId) ?? []), name]))
  }
  for (const name of ['channel.lost', 'delivery.stuck', 'delivery.stale'] as const) {
    server.on(name, (event) => losses.push([name, event]))
  }
  rabbit.on('disconnected', (event) => losses.push(event))
  await server.start()
  await using other = await stranger(vhost.url)
  await other.channel.assertQueue(BYSTANDER)
  const routes = [{ exchange: '', routingKey: Buffer.from('double') }]
  const published = Array.from({ length: MESSAGES }, (_, n) => fuzzed(random, n, { routes, deaths: 'sound' }))
  for (const { message } of published) publishRaw(other.channel, message)
  const expected = published.filter(({ expires }) => !expires).map(({ id }) => id)
  await eventually(() => expect([expected.filter((id) => !ends.has(id)), losses]).toEqual([[], []]), PATIENCE)
  expect([...ends.values()].filter(({ length }) => length !== 1)).toEqual([])
  expect([...handled.values()].filter((times) => times !== 1)).toEqual([])
  expect(await new RpcClient(rabbit, double).call({ n: 100 })).toEqual({ doubled: 200 })
  await server.close()
  expect(await other.channel.checkQueue('double')).toMatchObject({ messageCount: 0 })
})

test('a client settles each call by a sound reply or one of its errors, whatever comes back', async ({
  rabbit,
  vhost,
}) => {
  const random = new Random(SEED + 1)
  const losses: unknown[] = []
  rabbit.on('disconnected', (event) => losses.push(event))
  await using other = await stranger(vhost.url)
  await other.channel.assertQueue('double', { arguments: { 'x-queue-type': 'quorum' } })
  await other.channel.consume(
    'double',
    (request) => {
      const { replyTo, correlationId } = request?.properties ?? {}
      // Some of another call, some of none, then one under its own id, and at times a second.
      for (const own of [false, true, ...(random.chance(0.3) ? [true] : [])]) {
        const { message } = fuzzed(random, 0, {
          routes: [{ exchange: '', routingKey: Buffer.from(replyTo) }],
          deaths: 'sound',
        })
        const properties = {
          ...message.properties,
          headers: randomHeaders(random, 'sound'),
          ...(own ? { correlationId: shortText(correlationId) } : {}),
          expiration: undefined,
        }
        const { expiration: _expiration, ...kept } = properties
        const sound = random.chance(0.5) ? { content: Buffer.from(`{"doubled":${random.below(100)}}`) } : {}
        publishRaw(other.channel, { ...message, ...sound, properties: kept })
      }
    },
    { noAck: true },
  )
  const client = new RpcClient(rabbit, double)
  const outcomes: Record<string, number> = {}
  for (let first = 0; first < MESSAGES; first += 100) {
    const calls = Array.from({ length: 100 }, (_, n) =>
      client.call({ n }, { timeoutMs: 30_000 }).then(
        (response) => {
          expect(Number.isInteger(response.doubled)).toBe(true)
          return 'response'
        },
        (error: unknown) => {
          expect(error).toBeInstanceOf(LeveretError)
          return (error as LeveretError).name
        },
      ),
    )
    for (const outcome of await Promise.all(calls)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
  }
  console.log(JSON.stringify(outcomes))
  expect(losses).toEqual([])
  expect(outcomes.RpcTimeoutError).toBeUndefined()
  expect(outcomes.response).toBeGreaterThan(0)
  expect(rabbit.health().roles).toMatchObject([{ role: 'rpc-client', ready: true, inFlight: 0 }])
}, 120_000)
