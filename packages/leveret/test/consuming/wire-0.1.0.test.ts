import { readFile } from 'node:fs/promises'
import type { Options } from 'amqplib'
import { expect } from 'vitest'
import { z } from 'zod'
import { DeadLetters, Producer, Subscriber, subscription, topicExchange, Worker, workQueue } from '../../src/index.js'
import { type Stranger, stranger } from '../support/stranger.js'
import { eventually, test } from '../support/support.js'
import { forbidSurprises } from '../support/surprises.js'

forbidSurprises()

/** What 0.1.0 declared and stored on RabbitMQ 4.3.6, as it lay in its queues. */
interface Recording {
  readonly queues: readonly {
    readonly name: string
    readonly durable: boolean
    readonly arguments: Readonly<Record<string, unknown>>
    readonly messages: readonly {
      readonly exchange: string
      readonly routingKey: string
      readonly properties: Options.Publish
      /** In base64. */
      readonly content: string
    }[]
  }[]
}

const recording: Recording = JSON.parse(
  await readFile(new URL('wire-0.1.0/messages.json', import.meta.url), { encoding: 'utf8' }),
)

/** Puts everything where it was. An hour's delay is nearly over. */
async function restore({ channel }: Stranger): Promise<void> {
  await channel.assertExchange('shop', 'topic', { durable: true })
  for (const { name, durable, arguments: args } of recording.queues) {
    const nearlyOver = 'x-message-ttl' in args ? { 'x-message-ttl': 100 } : {}
    await channel.assertQueue(name, { durable, arguments: { ...args, ...nearlyOver } })
  }
  await channel.bindQueue('billing', 'shop', 'order.*')
  for (const { messages } of recording.queues) {
    for (const { exchange, routingKey, properties, content } of messages) {
      channel.publish(exchange, routingKey, Buffer.from(content, 'base64'), properties)
    }
  }
  await channel.waitForConfirms()
}

const payload = z.object({ n: z.int() })
/** Its dead-letter queue had no overflow and no delivery limit then: it is taken as it is. */
const kept = (queue: string) => ({ deadLetter: { queue: `${queue}.dead-letter`, existing: true } }) as const
const tasks = workQueue('tasks', { payload, retry: { delaysMs: [500, 3_600_000] }, version: '1', ...kept('tasks') })
const waits = workQueue('waits', { payload, retry: { delaysMs: [3_600_000] }, ...kept('waits') })

test('tasks of 0.1.0 are handled as what they were: sent, delayed, or failed once or twice', async ({
  rabbit,
  vhost,
}) => {
  await using other = await stranger(vhost.url)
  await restore(other)
  const seen: unknown[] = []
  for (const queue of [tasks, waits]) {
    await new Worker(rabbit, queue, ({ n }, { attempt, routingKey, correlationId, headers: { mine } }) => {
      seen.push([n, attempt, routingKey, correlationId, mine])
    }).start()
  }
  await eventually(() =>
    expect(seen.sort()).toEqual([
      [1, 1, 'tasks', 'c-1', 'kept'],
      [2, 1, 'tasks', undefined, undefined],
      [3, 2, 'waits', 'c-3', 'kept'],
      [6, 3, 'tasks', undefined, undefined],
    ]),
  )
  const { messageId } = await new Producer(rabbit, tasks).send({ n: 7 })
  await eventually(() => expect(seen).toContainEqual([7, 1, 'tasks', undefined, undefined]))
  expect(messageId).toBeTypeOf('string')
})

test('dead letters of 0.1.0 are read, and replayed', async ({ rabbit, vhost }) => {
  await using other = await stranger(vhost.url)
  await restore(other)
  const letters = new DeadLetters(rabbit, tasks)
  expect(await letters.peek()).toMatchObject([
    { queue: 'tasks', reason: 'rejected', attempts: 1, error: { name: 'Reject', message: 'not this one' } },
    { queue: 'tasks', reason: 'invalid-payload', attempts: 1, messageId: 'seven' },
  ])
  expect(await letters.replay({ filter: ({ reason }) => reason === 'rejected' })).toEqual({ replayed: 1, skipped: 1 })
  const seen: unknown[] = []
  await new Worker(rabbit, tasks, ({ n }, { attempt }) => void seen.push([n, attempt])).start()
  await eventually(() => expect(seen).toContainEqual([5, 1]))
})

test('events of 0.1.0 and their dead letters are read', async ({ rabbit, vhost }) => {
  await using other = await stranger(vhost.url)
  await restore(other)
  const shop = topicExchange('shop', { 'order.*': z.object({ id: z.int() }) })
  const billing = subscription('billing', { of: shop, bindingKeys: ['order.*'], ...kept('billing') })
  const seen: unknown[] = []
  await new Subscriber(rabbit, billing, (event) => void seen.push(event)).start()
  await eventually(() => expect(seen).toEqual([{ template: 'order.*', routingKey: 'order.paid', payload: { id: 10 } }]))
  const [letter] = await new DeadLetters(rabbit, billing).peek()
  expect(letter).toMatchObject({ template: 'order.*', routingKey: 'order.created', reason: 'rejected' })
  expect(await letter?.payload()).toEqual({ id: 9 })
})
