import { describe, expect } from 'vitest'
import { z } from 'zod'
import {
  fanoutExchange,
  Producer,
  Publisher,
  Subscriber,
  stream,
  TopologyMismatchError,
  topicExchange,
  Worker,
  workQueue,
} from '../../src/index.js'
import { stranger } from '../support/stranger.js'
import { test } from '../support/support.js'

const payload = z.object({ n: z.int() })
type Options = Record<string, unknown>

/** Follows the first advice of each error, as a person would, until what is described is as it is. @returns what was written */
async function follow(use: (options: Options) => Promise<unknown>, first: Options = {}): Promise<string[]> {
  const written: string[] = []
  let options = first
  for (let tries = 0; tries < 12; tries += 1) {
    const error = await use(options).then(
      () => undefined,
      (refused: unknown) => refused,
    )
    if (error === undefined) return written
    if (!(error instanceof TopologyMismatchError)) throw error
    const line = error.describedAs[0] ?? ''
    expect(error.message).toContain(line)
    written.push(line)
    options = { ...options, ...(new Function(`return ({ ${line} })`)() as Options) }
  }
  throw new Error(`never accepted: ${written.join('; ')}`)
}

describe('the advice of a TopologyMismatchError', () => {
  test.for<[Options, Options, string?]>([
    [
      { 'x-max-priority': 5, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'tasks.dead-letter' },
      { queue: { type: 'classic' } },
      "queue: { type: 'classic', maxPriority: 5 }",
    ],
    [{ 'x-queue-type': 'classic', 'x-max-priority': 5, 'x-max-length': 9, 'x-overflow': 'drop-head' }, {}],
    [{}, {}],
    [{ 'x-queue-type': 'quorum' }, {}],
    [{ 'x-queue-type': 'quorum', 'x-delivery-limit': 5, 'x-dead-letter-exchange': 'it’s "mine"' }, {}],
    [{ 'x-queue-type': 'quorum', 'x-single-active-consumer': true, 'x-max-in-memory-length': 3 }, {}],
    [{ 'x-queue-type': 'quorum' }, { queue: { type: 'classic' }, deadLetter: false }],
    [{ 'x-message-ttl': 60_000 }, { queue: { arguments: { 'x-queue-type': 'quorum' } } }],
  ])('describes a queue that has %o', async ([args, first, ends], { rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('tasks', { durable: true, arguments: args })
    const written = await follow(
      async (options) => await new Producer(rabbit, workQueue('tasks', { payload, ...options })).send({ n: 1 }),
      first,
    )
    if (ends !== undefined) expect(written.at(-1)).toBe(ends)
    expect(written.length).toBeGreaterThan(0)
  })

  test.for<[Options, string?]>([
    [{}, "deadLetter: { queue: 'lost', type: 'classic' }"],
    [{ 'x-queue-type': 'quorum', 'x-delivery-limit': 3 }],
    [{ 'x-queue-type': 'classic', 'x-max-length': 7, 'x-queue-mode': 'lazy' }],
  ])('describes a dead-letter queue that has %o', async ([args, ends], { rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertQueue('lost', { durable: true, arguments: args })
    const written = await follow(
      async (options) => await new Worker(rabbit, workQueue('tasks', { payload, ...options }), () => undefined).start(),
      { deadLetter: { queue: 'lost' } },
    )
    if (ends !== undefined) expect(written.at(-1)).toBe(ends)
    expect(written.length).toBeGreaterThan(0)
  })

  test('describes what a stream keeps', async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    const args = { 'x-queue-type': 'stream', 'x-max-age': '7D', 'x-max-length-bytes': 1_000_000 }
    await other.channel.assertQueue('lines', { durable: true, arguments: args })
    const of = fanoutExchange('logs', { payload })
    const use = async (options: Options): Promise<void> => {
      await new Subscriber(rabbit, stream('lines', { of, ...options }), () => undefined).start()
    }
    expect((await follow(use, { retention: { maxAge: '1h' } })).at(-1)).toMatch(
      /^retention: \{.* maxAge: '(7D|604800s)'/,
    )
  })

  test('describes an exchange', async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    const given = { durable: false, autoDelete: true, internal: false, alternateExchange: "it's" }
    await other.channel.assertExchange('shop', 'topic', { ...given, arguments: { 'x-what': 3 } })
    const use = async (options: Options): Promise<void> => {
      const shop = topicExchange('shop', { a: payload }, options)
      await new Publisher(rabbit, shop).publish('a', { n: 1 })
    }
    const written = await follow(use)
    expect(written).toContain('durable: false')
    expect(written).toContain('autoDelete: true')
    expect(written.at(-1)).toContain("alternate: 'it\\'s'")
  })

  test('names the type of an exchange, and existing where no option can say it', async ({ rabbit, vhost }) => {
    await using other = await stranger(vhost.url)
    await other.channel.assertExchange('shop', 'topic')
    await expect(new Publisher(rabbit, fanoutExchange('shop', { payload })).publish({ n: 1 })).rejects.toMatchObject({
      describedAs: ['topicExchange(…)', 'existing: true'],
      message: expect.stringContaining('write topicExchange(…) or existing: true in the contract. Otherwise give'),
    })
    await other.channel.assertQueue('tasks', {
      durable: true,
      autoDelete: true,
      arguments: { 'x-queue-type': 'classic' },
    })
    const classic = { payload, queue: { type: 'classic' }, deadLetter: false } as const
    await expect(new Producer(rabbit, workQueue('tasks', classic)).send({ n: 1 })).rejects.toMatchObject({
      argument: 'auto_delete',
      describedAs: ['existing: true'],
    })
    await new Producer(rabbit, workQueue('tasks', { payload, existing: true })).send({ n: 1 })
  })

  test('is empty for arguments that only leveret uses, and for a queue that is not a stream', async ({
    rabbit,
    vhost,
    broker,
  }) => {
    await broker.management.declareQueue(vhost.name, 'lines', { 'x-queue-type': 'quorum' })
    const lines = stream('lines', { of: fanoutExchange('logs', { payload }) })
    await expect(new Subscriber(rabbit, lines, () => undefined).start()).rejects.toMatchObject({
      describedAs: [],
      message: expect.stringContaining('Either give the contract a new name'),
    })
  })
})
