import { expect } from 'vitest'
import { z } from 'zod'
import {
  bytes,
  type Connection,
  DeadLetters,
  type LetterContract,
  Subscriber,
  subscription,
  text,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { Random } from '../support/random.js'
import { type Stranger, stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'
import { Account } from './fuzz/account.js'
import { fuzzed } from './fuzz/deliveries.js'
import { BYSTANDER } from './fuzz/headers.js'
import { publishRaw, type WireMessage } from './fuzz/wire.js'

/** A short run in every suite; `LEVERET_FUZZ=100000` is the long one, `LEVERET_SEED` makes its deliveries again. */
const DELIVERIES = Number(process.env.LEVERET_FUZZ ?? 2_000)
const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 32)
/** No more than `peek` shows at once. */
const ROUND = 1_000
const PATIENCE = { timeoutMs: 25_000 }

const task = z.object({ n: z.int() })
const retry = { delaysMs: [20, 40] }
const MAX_ATTEMPTS = 3
const classic = { type: 'classic' } as const

const queues = {
  quorum: workQueue('fuzz-quorum', { payload: task, retry }),
  classic: workQueue('fuzz-classic', { payload: task, retry, queue: classic }),
  text: workQueue('fuzz-text', { payload: z.string(), codec: text, retry }),
  bytes: workQueue('fuzz-bytes', { payload: z.instanceof(Uint8Array), codec: bytes, retry, queue: classic }),
}
const events = topicExchange('fuzz-events', { 'a.*': task, 'b.#': z.unknown() })
const subscribed = subscription('fuzz-subscribed', { of: events, bindingKeys: ['#'], retry })
const kept = [...Object.values(queues), subscribed]

forbidSurprises()

async function start(rabbit: Connection, account: Account): Promise<void> {
  const { quorum, classic, text, bytes } = queues
  const options = { concurrency: 50 }
  const subscriber = new Subscriber(rabbit, subscribed, account.handler, options)
  const workers = [
    // Headers can also ask for a message to be handled alone, which takes its time.
    new Worker(rabbit, quorum, account.handler, { ...options, isolation: false }),
    new Worker(rabbit, classic, account.handler, options),
    new Worker(rabbit, text, account.handler, options),
    new Worker(rabbit, bytes, account.handler, { ...options, isolation: false }),
  ]
  for (const role of [...workers, subscriber]) {
    account.watch(role as unknown as Parameters<Account['watch']>[0])
    await role.start()
  }
}

/** Each queue is reached by the default exchange, as the tasks of a Producer are, and by one of another program. */
async function routesOf({ channel }: Stranger): Promise<Pick<WireMessage, 'exchange' | 'routingKey'>[]> {
  await channel.assertQueue(BYSTANDER)
  const direct = Object.values(queues).map(({ name }) => ({ exchange: '', routingKey: Buffer.from(name) }))
  const keys = ['a.b', 'a.b.c', 'b', 'b.é.\u0000', '', '.', 'a.*', '#', 'x'.repeat(255)]
  for (const { name } of Object.values(queues)) {
    await channel.assertExchange(`via-${name}`, 'fanout')
    await channel.bindQueue(name, `via-${name}`, '')
  }
  return [
    ...direct,
    ...direct,
    ...direct,
    ...Object.values(queues).map(({ name }) => ({
      exchange: `via-${name}`,
      routingKey: Buffer.from([0xff, 0x2e, 0xc3]),
    })),
    ...keys.map((key) => ({ exchange: 'fuzz-events', routingKey: Buffer.from(key) })),
  ]
}

/** Looks at all that is kept, and removes it. @returns the ids */
async function takeLetters(rabbit: Connection, account: Account): Promise<string[]> {
  const all = await Promise.all(
    kept.map(async (contract) => {
      await using letters = new DeadLetters<LetterContract>(rabbit, contract)
      const shown = await letters.peek({ limit: ROUND })
      for (const letter of shown) await letter.payload().catch((error: unknown) => expect(error).toBeInstanceOf(Error))
      expect(await letters.count()).toBe(shown.length)
      await letters.discard({ filter: () => true })
      return shown.map(({ messageId = '' }) => messageId)
    }),
  )
  expect(account.surprises).toEqual([])
  return all.flat()
}

async function countLetters(rabbit: Connection): Promise<number> {
  const counts = await Promise.all(
    kept.map(async (contract) => {
      await using letters = new DeadLetters<LetterContract>(rabbit, contract)
      return await letters.count()
    }),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

test(
  'whatever is delivered is handled once or kept once, after no more attempts than the contract has',
  async ({ rabbit, vhost, broker }) => {
    const random = new Random(SEED)
    console.log(`${DELIVERIES} deliveries, LEVERET_SEED=${SEED}`)
    const total: Record<string, number> = {}
    let copied = 0
    const account = new Account()
    await start(rabbit, account)
    await using other = await stranger(vhost.url)
    const routes = await routesOf(other)
    const deaths = Number.parseInt(broker.version, 10) >= 4 ? 'odd' : 'sound'
    for (let first = 0; first < DELIVERIES; first += ROUND) {
      account.clear()
      for (let n = first; n < Math.min(first + ROUND, DELIVERIES); n += 1) {
        const next = fuzzed(random, n, { routes, deaths })
        account.published.set(next.id, next)
        copied += next.copied ? 1 : 0
        publishRaw(other.channel, next.message)
      }
      // Any answer of the broker says that it has taken what was written before.
      await other.channel.checkQueue(BYSTANDER)
      await eventually(() => expect([account.open, account.surprises]).toEqual([[], []]), PATIENCE)
      await eventually(
        async () => expect(await countLetters(rabbit)).toBe(account.published.size - account.done),
        PATIENCE,
      )
      account.check(await takeLetters(rabbit, account), MAX_ATTEMPTS)
      for (const [how, count] of Object.entries(account.summary())) total[how] = (total[how] ?? 0) + count
    }
    console.log(JSON.stringify(total))
    expect((await other.channel.checkQueue(BYSTANDER)).messageCount).toBe(copied)
    await rabbit.close()
    for (const { name } of kept) {
      for (const queue of [name, ...retry.delaysMs.map((ms) => `${name}.retry.${ms}`)])
        expect(await other.channel.checkQueue(queue)).toMatchObject({ messageCount: 0 })
    }
  },
  Math.max(120_000, DELIVERIES * 30),
)
