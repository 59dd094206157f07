import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { Channel } from '../../src/amqp/channel.js'
import { internalsOf } from '../../src/connection/connection.js'
import { type Connection, DeadLetters, Producer, Reject, Worker } from '../../src/index.js'
import { stranger } from './stranger.js'
import { eventually, tasks } from './support.js'

/** Sends so many tasks to a worker that gives each up. @returns their ids, in the order of their dead letters */
export async function giveUp(rabbit: Connection, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, n) => `m${n}-${randomUUID().slice(0, 8)}`)
  const worker = new Worker(rabbit, tasks, ({ n }) => Promise.reject(new Reject(`no ${n}`)), { concurrency: 1 })
  await worker.start()
  const producer = new Producer(rabbit, tasks)
  for (const [n, messageId] of ids.entries()) await producer.send({ n }, { messageId, headers: { parity: n % 2 } })
  await using letters = new DeadLetters(rabbit, tasks)
  await eventually(async () => expect(await letters.count()).toBe(count), { timeoutMs: 30_000 })
  await worker.close()
  return ids
}

/** What leveret declares a dead-letter queue with. @see src/topology/declarations.ts */
export const DEAD_LETTER_ARGUMENTS = {
  'x-queue-type': 'quorum',
  'x-overflow': 'reject-publish',
  'x-delivery-limit': 2_147_483_647,
} as const

/** What a letter is to be. */
interface Letters {
  readonly count: number
  readonly bytes?: number
  /** The queue that they died in. */
  readonly queue?: string
  /** What their ids begin with. */
  readonly prefix?: string
  readonly priority?: (n: number) => number | undefined
}

/** Puts letters into a queue that is there, as a worker writes them. @returns their ids, in their order */
export async function putLetters(
  url: string,
  to: string,
  { count, bytes = 0, queue = 'tasks', prefix = 'm', priority }: Letters,
): Promise<string[]> {
  await using other = await stranger(url)
  const ids = Array.from({ length: count }, (_, n) => `${prefix}${n}`)
  for (const [n, messageId] of ids.entries()) {
    const content = Buffer.from(JSON.stringify({ n, filler: 'x'.repeat(bytes) }))
    const headers = { ...LETTER, 'leveret-queue': queue, n }
    const properties = {
      persistent: true,
      contentType: 'application/json',
      messageId,
      headers,
      priority: priority?.(n),
    }
    other.channel.sendToQueue(to, content, properties as object)
  }
  await other.channel.waitForConfirms()
  return ids
}

/** @see src/headers/leveret-headers.ts */
const LETTER = {
  'leveret-attempt': 1,
  'leveret-exchange': '',
  'leveret-routing-key': 'tasks',
  'leveret-reason': 'rejected',
  'leveret-dead-lettered-at': '2026-01-02T03:04:05.006Z',
}

/** The ids of the dead letters there are now, in their order. */
export async function idsOf(rabbit: Connection): Promise<(string | undefined)[]> {
  await using letters = new DeadLetters(rabbit, tasks)
  return (await letters.peek({ limit: 1_000 })).map(({ messageId }) => messageId)
}

/** Empties a queue. @returns the ids of what was in it, in their order */
export async function drain(rabbit: Connection, queue: string): Promise<string[]> {
  const channel = await openChannel(rabbit)
  const ids: string[] = []
  for (let message = await channel.get(queue); message !== undefined; message = await channel.get(queue)) {
    ids.push(message.properties.messageId ?? '')
    channel.ack(message, 'one')
  }
  await channel.close(2_000)
  return ids
}

/** Takes all dead letters and loses the channel that holds them, as a process does that is killed. */
export async function takeAndDie(rabbit: Connection, queue = 'tasks.dead-letter'): Promise<number> {
  const channel = await openChannel(rabbit)
  let taken = 0
  while ((await channel.get(queue)) !== undefined) taken += 1
  await channel.close(2_000)
  return taken
}

/** Rejects the first message of a queue without requeue, as another program might. */
export async function rejectOne(rabbit: Connection, queue: string): Promise<void> {
  const channel = await openChannel(rabbit)
  const message = await channel.get(queue)
  if (message !== undefined) channel.reject(message)
  await channel.close(2_000)
}

async function openChannel(rabbit: Connection): Promise<Channel> {
  return await internalsOf(rabbit).consumeLane.openChannel('plain', {}, new AbortController().signal)
}
