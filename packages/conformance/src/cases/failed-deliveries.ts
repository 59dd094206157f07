import { CaseList } from '../conformance-case.js'
import type { Lab, Seen, Table } from '../lab.js'
import { DEAD, QUEUE_TYPES } from '../queue-types.js'
import type { RawChannel } from '../raw-channel.js'

const list = new CaseList('counts, priorities and native retry')
/** Cases about the failed deliveries that a dead letter carries. */
export const failedDeliveries = list.cases

const QUORUM = { 'x-queue-type': 'quorum' }
/** A time to live that is long enough to settle before it, and short enough to wait for. */
const TTL_MS = 300

/** Observed fields of a message: whether it is redelivered, and the counts that it carries. */
type Counts = readonly [redelivered: boolean, deliveryCount: unknown, acquiredCount: unknown]

const NONE: Counts = [false, null, null]
const ZERO: Counts = [false, 0, null]

for (const [type, args] of QUEUE_TYPES) {
  const isQuorum = type === 'quorum'
  const one: Counts = [true, 1, null]

  list.differs(
    `delivers a dead letter as redelivered whose last delivery was rejected: from a ${type} queue to a classic one`,
    [NONE, NONE, [true, null, null]],
    async (lab) => {
      const channel = await lab.withDead({ ...args, ...DEAD })
      await lab.send('q', 'a')
      await settle(lab, channel, 'q', 'reject', false)
      return countsOf((await lab.drain('dead', 1))[0])
    },
  )
  list.differs(
    `counts a delivery that was rejected for the dead letter too: from a ${type} queue to a quorum queue`,
    [ZERO, isQuorum ? one : NONE, [true, 1, 1]],
    async (lab) => {
      const channel = await twoQueues(lab, args)
      await settle(lab, channel, 'q', 'reject', false)
      return countsOf((await lab.drain('dead', 1))[0])
    },
  )
  list.differs(
    `counts no delivery that ended with basic.nack for the dead letter: from a ${type} queue to a quorum queue`,
    [ZERO, isQuorum ? one : NONE, NONE],
    async (lab) => {
      const channel = await twoQueues(lab, args)
      await settle(lab, channel, 'q', 'nack', true)
      await settle(lab, channel, 'q', 'nack', false)
      return countsOf((await lab.drain('dead', 1))[0])
    },
  )
  list.differs(
    `counts a delivery whose channel was closed for what then expires: from a ${type} queue to a quorum queue`,
    [ZERO, isQuorum ? one : NONE, [true, 1, 1]],
    async (lab) => {
      await twoQueues(lab, { ...args, 'x-message-ttl': TTL_MS })
      const other = await lab.channel()
      await lab.get(other, 'q')
      await other.close()
      await lab.settle(2 * TTL_MS)
      return countsOf((await lab.drain('dead', 1))[0])
    },
  )
  list.differs(
    `goes on counting where the queue before has stopped: from a ${type} queue to a quorum queue`,
    [
      [ZERO, [true, 1, null], [true, 2, null]],
      [isQuorum ? one : NONE, [true, 1, null], [true, 2, null]],
      [
        [true, 2, 2],
        [true, 3, 1],
        [true, 4, 2],
      ],
    ],
    async (lab) => {
      const channel = await twoQueues(lab, args)
      await settle(lab, channel, 'q', 'reject', true)
      await settle(lab, channel, 'q', 'reject', false)
      const seen: Counts[] = []
      for (let turn = 0; turn < 3; turn += 1) seen.push(countsOf(await settle(lab, channel, 'dead', 'reject', true)))
      return seen
    },
  )
  list.differs(
    `allows a dead letter fewer deliveries by those that have failed before: from a ${type} queue to a quorum queue`,
    [3, 3, 1],
    async (lab) => {
      const channel = await twoQueues(lab, args, { 'x-delivery-limit': 2 })
      for (const requeue of [true, true, false]) await settle(lab, channel, 'q', 'reject', requeue)
      let count = 0
      while ((await settle(lab, channel, 'dead', 'reject', true)) !== undefined) count += 1
      return count
    },
  )
}

for (const [type, args] of QUEUE_TYPES) {
  const isQuorum = type === 'quorum'
  list.differs(
    `delivers a dead letter whose last delivery was rejected to a consumer that waits: from a classic queue to a ${type} one`,
    [false, false, isQuorum],
    async (lab) => {
      const channel = await lab.channel()
      await lab.declare(channel, 'dead', args)
      await lab.declare(channel, 'q', DEAD)
      await lab.consume(channel, 'dead')
      await lab.send('q', 'a')
      const other = await lab.channel()
      await settle(lab, other, 'q', 'reject', false)
      return (await lab.deliveries(channel, 1))[0]?.redelivered
    },
  )
}

/** Declares a queue `q` that holds a message, and a quorum queue `dead` for its dead letters. */
async function twoQueues(lab: Lab, args: Table, deadArgs: Table = {}): Promise<RawChannel> {
  const channel = await lab.channel()
  await lab.declare(channel, 'dead', { ...QUORUM, ...deadArgs })
  await lab.declare(channel, 'q', { ...args, ...DEAD })
  await lab.send('q', 'a')
  return channel
}

/** Takes a message, and requeues it or gives it up. @returns the message, if there was one */
async function settle(
  lab: Lab,
  channel: RawChannel,
  queue: string,
  how: 'nack' | 'reject',
  requeue: boolean,
): Promise<Seen | undefined> {
  const seen = await lab.get(channel, queue)
  if (seen === undefined) return undefined
  channel.send(`basic.${how}`, { deliveryTag: seen.tag, requeue })
  await lab.settle()
  return seen
}

function countsOf(seen: Seen | undefined): Counts {
  const { 'x-delivery-count': deliveries = null, 'x-acquired-count': acquired = null } = seen?.headers ?? {}
  return [seen?.redelivered ?? false, deliveries, acquired]
}
