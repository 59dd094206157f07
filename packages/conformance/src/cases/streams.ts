import { CaseList } from '../conformance-case.js'
import type { Lab, Table } from '../lab.js'

const list = new CaseList('streams')
/** Cases about streams over AMQP 0-9-1. */
export const streams = list.cases

const queue = "queue 'q' in vhost '<vhost>'"

list.same(
  'has no basic.get of a stream',
  `NOT_IMPLEMENTED - basic.get not supported by stream queues ${queue}`,
  async (lab) => lab.outcome(lab.get(await stream(lab), 'q')),
)
list.same('purges no stream', `NOT_IMPLEMENTED - queue.purge not supported by stream queues ${queue}`, async (lab) =>
  lab.outcome((await stream(lab)).call('queue.purge', { queue: 'q' })),
)
list.differs(
  'delivers from a stream with a prefetch only',
  [
    `PRECONDITION_FAILED - consumer prefetch count is not set for 'queue 'q' in vhost '<vhost>''`,
    `PRECONDITION_FAILED - consumer prefetch count is not set for stream ${queue}`,
    `PRECONDITION_FAILED - consumer prefetch count is not set for stream ${queue}`,
  ],
  async (lab) => lab.outcome(lab.consume(await stream(lab), 'q')),
)
list.differs(
  'delivers from a stream with acknowledgements only',
  [
    `NOT_IMPLEMENTED - automatic acknowledgement not supported by stream queues ${queue}`,
    `NOT_IMPLEMENTED - automatic acknowledgement not supported by stream ${queue}`,
    `NOT_IMPLEMENTED - automatic acknowledgement not supported by stream ${queue}`,
  ],
  async (lab) => lab.outcome(lab.consume(await stream(lab), 'q', { prefetch: 5, noAck: true })),
)
list.same(
  'knows no priority of a consumer',
  `PRECONDITION_FAILED - invalid arg 'x-priority' for ${queue} of queue type rabbit_stream_queue`,
  async (lab) => lab.outcome(lab.consume(await stream(lab), 'q', { args: { 'x-priority': 1 } })),
)
list.same(
  'knows no offset of a classic queue',
  `PRECONDITION_FAILED - invalid arg 'x-stream-offset' for ${queue} of queue type rabbit_classic_queue`,
  async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q')
    return lab.outcome(lab.consume(channel, 'q', { prefetch: 5, args: { 'x-stream-offset': 'first' } }))
  },
)
list.differs(
  'knows no offset of another kind',
  [
    'INTERNAL_ERROR',
    'INTERNAL_ERROR',
    `PRECONDITION_FAILED - invalid arg 'x-stream-offset' for ${queue}: {invalid_stream_offset_arg,{longstr,<<"foo">>}}`,
  ],
  async (lab) => lab.outcome(lab.consume(await stream(lab), 'q', { prefetch: 5, args: { 'x-stream-offset': 'foo' } })),
)
list.same(
  'delivers everything from the first message on, with offsets',
  [
    ['a', 0],
    ['b', 1],
    ['c', 2],
  ],
  async (lab) => read(lab, { 'x-stream-offset': 'first' }, 3),
)
list.same(
  'delivers from an offset on',
  [
    ['b', 1],
    ['c', 2],
  ],
  async (lab) => read(lab, { 'x-stream-offset': 1 }, 2),
)
list.same('delivers what comes next, by default', [['d', 3]], async (lab) => read(lab, {}, 1, 'd'))
list.same('waits in silence for an offset that is to come', [['d', 3]], async (lab) =>
  read(lab, { 'x-stream-offset': 3 }, 1, 'd'),
)
list.same(
  'keeps what was acknowledged',
  [
    ['a', 0],
    ['a', 0],
  ],
  async (lab) => {
    const channel = await stream(lab, 'a')
    await lab.consume(channel, 'q', { prefetch: 5, args: { 'x-stream-offset': 'first' } })
    const [first] = await lab.deliveries(channel, 1)
    channel.send('basic.ack', { deliveryTag: 1 })
    const other = await lab.channel()
    await lab.consume(other, 'q', { prefetch: 5, args: { 'x-stream-offset': 'first' } })
    const [second] = await lab.deliveries(other, 1)
    return [first, second].map((seen) => [seen?.body, seen?.headers['x-stream-offset']])
  },
)
list.same('says 0 for the messages of a stream', 0, async (lab) => {
  await stream(lab, 'a', 'b')
  return lab.count('q')
})
list.differs(
  'takes a negative acknowledgement for credit, since 4.0',
  [`NOT_IMPLEMENTED - basic.nack and basic.reject not supported by stream queues ${queue}`, 'ok', 'ok'],
  async (lab) => {
    const channel = await stream(lab, 'a')
    await lab.consume(channel, 'q', { prefetch: 5, args: { 'x-stream-offset': 'first' } })
    await lab.deliveries(channel, 1)
    channel.send('basic.nack', { deliveryTag: 1, requeue: true })
    return lab.outcome(channel.call('basic.qos', { prefetchCount: 1 }))
  },
)
list.same('delivers nothing of a stream twice to one consumer', [], async (lab) => {
  const channel = await stream(lab, 'a')
  await lab.consume(channel, 'q', { prefetch: 5, args: { 'x-stream-offset': 'first' } })
  await lab.deliveries(channel, 1)
  channel.send('basic.ack', { deliveryTag: 1 })
  return lab.rest(channel)
})

async function stream(lab: Lab, ...bodies: string[]) {
  const channel = await lab.channel()
  await lab.declare(channel, 'q', { 'x-queue-type': 'stream' })
  await lab.send('q', ...bodies)
  return channel
}

async function read(lab: Lab, args: Table, count: number, ...later: string[]): Promise<unknown> {
  const channel = await stream(lab, 'a', 'b', 'c')
  await lab.consume(channel, 'q', { prefetch: 10, args })
  await lab.send('q', ...later)
  return (await lab.deliveries(channel, count)).map(({ body, headers }) => [body, headers['x-stream-offset']])
}
