import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, vi } from 'vitest'
import { Channel } from '../../src/amqp/channel.js'
import { type Diagnostics, Producer, Worker, workQueue } from '../../src/index.js'
import type { ReceivedMessage } from '../../src/message/message.js'
import { eventually, fieldsOf, tasks, test } from '../support/support.js'

const PREFETCH = 100
const SENDS = 400

const MISMATCH = { kind: 'queue', name: 'tasks', durable: true, arguments: {} } as const
const NEVER_DELIVERED = { fields: { deliveryTag: 1_000_000 } } as ReceivedMessage

/** What a channel suffers, and what the broker says of it. None of it can be done by way of a role. */
const OFFENCES = [
  [404, "no queue 'missing'", async (channel: Channel) => await channel.checkQueue('missing')],
  [406, 'inequivalent arg', async (channel: Channel) => await channel.declareQueue(MISMATCH)],
  [403, "access to queue 'forbidden'", async (channel: Channel) => await channel.get('forbidden')],
  [406, 'unknown delivery tag', async (channel: Channel) => channel.ack(NEVER_DELIVERED, 'one')],
] as const

const CASES = (['a producer', 'a worker'] as const).flatMap((who) =>
  OFFENCES.map((offence) => [who, ...offence] as const),
)

/** What becomes of the channels of a connection of this name. */
function listen(connection: string): object[] {
  const told: object[] = []
  for (const event of ['channel-lost', 'channel-recovered'] as const) {
    const listener = (message: unknown): void => {
      const { connection: name, ...about } = message as Diagnostics[typeof event]
      if (name === connection) told.push({ event, ...about })
    }
    subscribe(`leveret:${event}`, listener)
    onTestFinished(() => void unsubscribe(`leveret:${event}`, listener))
  }
  return told
}

/** @returns the channel on which each does its work at the moment: the producers' one, and the worker's of `tasks` */
function watchChannels(): Record<'a producer' | 'a worker', () => Channel> {
  const [published, consumed] = [vi.spyOn(Channel.prototype, 'publish'), vi.spyOn(Channel.prototype, 'consume')]
  onTestFinished(() => void vi.restoreAllMocks())
  const ofTasks = (): number => consumed.mock.calls.findLastIndex(([queue]) => queue === tasks.name)
  return {
    'a producer': () => published.mock.contexts.at(-1) as Channel,
    'a worker': () => consumed.mock.contexts[ofTasks()] as Channel,
  }
}

test.for(CASES)(
  'the channel of %s, closed by the broker with %i (%s), is replaced, and its event has the reason; the others on the connection notice nothing',
  async ([who, replyCode, replyText, offend], { connectTo, createUser, vhost }) => {
    const current = watchChannels()
    const rights = { configure: '.*', write: '.*', read: '^(tasks|other)$' }
    const user = { username: await createUser('sue', 'S3cr3t-sue', rights), password: 'S3cr3t-sue' }
    const told = listen(user.username)
    const rabbit = await connectTo({ name: user.username }, { ...fieldsOf(vhost.url), ...user })
    const disconnected = vi.fn()
    rabbit.on('disconnected', disconnected)
    const handled: string[] = []
    const other = workQueue('other', { payload: tasks.payload })
    const [worker, neighbour] = [tasks, other].map(
      (queue) => new Worker(rabbit, queue, ({ n }) => void handled.push(`${queue.name} ${n}`), { prefetch: PREFETCH }),
    ) as [Worker<typeof tasks>, Worker<typeof tasks>]
    await Promise.all([worker.start(), neighbour.start()])
    const [lost, neighbourLost] = [vi.fn(), vi.fn()]
    worker.on('channel.lost', lost)
    neighbour.on('channel.lost', neighbourLost)
    const producers = [new Producer(rabbit, tasks), new Producer(rabbit, other)]
    await Promise.all(producers.map((producer) => producer.send({ n: 0 })))
    await eventually(() => expect(handled.sort()).toEqual(['other 0', 'tasks 0']))

    const sends = producers.flatMap((producer) => Array.from({ length: SENDS }, (_, n) => producer.send({ n: n + 1 })))
    // Now messages and deliveries are on their way.
    await eventually(() => expect(handled.length).toBeGreaterThan(SENDS / 10), { intervalMs: 1 })
    await offend(current[who]()).catch(() => undefined)
    await Promise.all(sends)

    const [lane, purpose] = who === 'a producer' ? ['publish', 'publishing'] : ['consume', 'tasks']
    const reason = expect.objectContaining({
      name: 'BrokerError',
      replyCode,
      replyText: expect.stringContaining(replyText),
    })
    await eventually(() =>
      expect(told).toEqual([
        { event: 'channel-lost', lane, purpose, reason },
        { event: 'channel-recovered', lane, purpose },
      ]),
    )
    if (who === 'a worker') expect(lost.mock.calls).toMatchObject([[{ reason }]])
    else expect(lost).not.toHaveBeenCalled()
    expect(neighbourLost).not.toHaveBeenCalled()
    expect(disconnected).not.toHaveBeenCalled()

    await Promise.all(producers.map((producer) => producer.send({ n: SENDS + 1 })))
    await eventually(() => expect(new Set(handled).size).toBe(2 * (SENDS + 2)))
    await eventually(async () => {
      const consumers = await vhost.consumers()
      expect(consumers.map(({ queue, prefetch_count }) => [queue.name, prefetch_count]).sort()).toEqual([
        ['other', PREFETCH],
        ['tasks', PREFETCH],
      ])
    })
    expect(rabbit.health()).toMatchObject({ ready: true })
  },
)
