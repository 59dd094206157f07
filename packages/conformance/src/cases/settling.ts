import type { Arguments } from '@leveret/memory-broker/wire'
import { CaseList } from '../conformance-case.js'
import type { Lab } from '../lab.js'
import { QUEUE_TYPES } from '../queue-types.js'

const list = new CaseList('settling')
/** Cases about consumers and about requeued messages. */
export const settling = list.cases

const exclusive = "ACCESS_REFUSED - queue 'q' in vhost '<vhost>' in exclusive use"
for (const [type, args] of QUEUE_TYPES) {
  const [name, expected] = type === 'classic' ? ['lets', exclusive] : ['does not let', 'ok']
  list.same(`${name} one consumer have a queue for itself (${type})`, expected, async (lab) => {
    await lab.consume(await lab.filled(args), 'q', { exclusive: true })
    return lab.outcome(lab.consume(await lab.channel(), 'q'))
  })
  list.same(`${name} a consumer have a queue for itself that is consumed (${type})`, expected, async (lab) => {
    await lab.consume(await lab.filled(args), 'q')
    return lab.outcome(lab.consume(await lab.channel(), 'q', { exclusive: true }))
  })
}

list.same('puts back into its place what a classic queue gets back', ['a', 'b', 'c', 'd'], async (lab) => {
  const channel = await lab.filled({}, 'a', 'b', 'c', 'd')
  for (let index = 0; index < 3; index += 1) await lab.get(channel, 'q')
  for (const deliveryTag of [2, 3, 1]) channel.send('basic.nack', { deliveryTag, requeue: true })
  await lab.settle()
  return lab.bodies('q', 4)
})
list.differs(
  'puts what a quorum queue gets back where it puts it',
  [
    ['d', 'b', 'c', 'a'],
    ['b', 'c', 'a', 'd'],
    ['b', 'c', 'a', 'd'],
  ],
  async (lab) => {
    const channel = await lab.filled({ 'x-queue-type': 'quorum' }, 'a', 'b', 'c', 'd')
    for (let index = 0; index < 3; index += 1) await lab.get(channel, 'q')
    for (const deliveryTag of [2, 3, 1]) {
      channel.send('basic.nack', { deliveryTag, requeue: true })
      await lab.settle()
    }
    return lab.bodies('q', 4)
  },
)
list.same('knows no tag that was not delivered', 'PRECONDITION_FAILED - unknown delivery tag 7', async (lab) =>
  closedBy(lab, 'basic.ack', { deliveryTag: 7 }),
)
list.same('knows no tag 0 for one message', 'PRECONDITION_FAILED - unknown delivery tag 0', async (lab) =>
  closedBy(lab, 'basic.ack', { deliveryTag: 0 }),
)
list.same(
  'knows no tag that was not delivered for several messages',
  'PRECONDITION_FAILED - unknown delivery tag 7',
  async (lab) => closedBy(lab, 'basic.ack', { deliveryTag: 7, multiple: true }),
)
list.same('takes the tag 0 for everything, also when there is nothing', 'ok', async (lab) => {
  const channel = await lab.channel()
  channel.send('basic.ack', { deliveryTag: 0, multiple: true })
  return lab.outcome(channel.call('basic.qos', {}))
})
list.same('settles nothing twice', 'PRECONDITION_FAILED - unknown delivery tag 1', async (lab) => {
  const channel = await lab.filled({}, 'a')
  await lab.get(channel, 'q')
  channel.send('basic.ack', { deliveryTag: 1 })
  channel.send('basic.ack', { deliveryTag: 1 })
  return lab.plain(await channel.untilClosed())
})
list.same(
  'closes the connection over a consumer tag that is in use',
  "NOT_ALLOWED - attempt to reuse consumer tag 'c'",
  async (lab) => {
    const channel = await lab.filled({})
    await lab.consume(channel, 'q')
    return lab.outcome(lab.consume(channel, 'q'))
  },
)
list.same('cancels a consumer that there is not', 'ok', async (lab) =>
  lab.outcome((await lab.channel()).call('basic.cancel', { consumerTag: 'nope' })),
)
list.same('knows no prefetch in bytes', 'NOT_IMPLEMENTED - prefetch_size!=0 (5)', async (lab) =>
  lab.outcome((await lab.channel()).call('basic.qos', { prefetchSize: 5 })),
)
list.same(
  'gives nothing back for another channel than the one that has it',
  'NOT_IMPLEMENTED - requeue=false',
  async (lab) => lab.outcome((await lab.channel()).call('basic.recover', { requeue: false })),
)
list.same(
  'refuses a priority of a consumer that is text',
  `PRECONDITION_FAILED - invalid arg 'x-priority' for queue 'q' in vhost '<vhost>': "expected integer, got longstr"`,
  async (lab) => {
    const channel = await lab.filled({})
    return lab.outcome(lab.consume(channel, 'q', { args: { 'x-priority': 'a' } }))
  },
)
list.differs(
  'bounds what all consumers of a channel hold, if asked to, until 4.3',
  [
    [3, 1],
    [3, 1],
    [4, 0],
  ],
  async (lab) => {
    const channel = await lab.filled({}, 'a', 'b', 'c', 'd')
    await channel.call('basic.qos', { prefetchCount: 3, global: true })
    await lab.consume(channel, 'q', { consumerTag: 'x' })
    await lab.consume(channel, 'q', { consumerTag: 'y' })
    const first = await lab.rest(channel)
    channel.send('basic.ack', { deliveryTag: 1 })
    return [first.length, (await lab.rest(channel)).length]
  },
)
list.differs(
  'knows no common prefetch of a quorum queue before 4.3',
  [
    "NOT_IMPLEMENTED - queue 'q' in vhost '<vhost>' does not support global qos",
    "NOT_IMPLEMENTED - queue 'q' in vhost '<vhost>' does not support global qos",
    'ok',
  ],
  async (lab) => {
    const channel = await lab.filled({ 'x-queue-type': 'quorum' })
    await channel.call('basic.qos', { prefetchCount: 3, global: true })
    return lab.outcome(lab.consume(channel, 'q'))
  },
)

list.differs(
  'goes over to a consumer of a higher priority, if one is to be active, since 4.0 (quorum)',
  [
    [[], ['2'], []],
    [[], [], ['2', '3']],
    [[], [], ['2', '3']],
  ],
  async (lab) => {
    const [low, high] = [
      await lab.filled({ 'x-queue-type': 'quorum', 'x-single-active-consumer': true }, '1', '2', '3'),
      await lab.channel(),
    ]
    await lab.consume(low, 'q', { prefetch: 1 })
    await lab.deliveries(low, 1)
    await lab.consume(high, 'q', { prefetch: 5, args: { 'x-priority': 10 } })
    const before = await lab.rest(high)
    low.send('basic.ack', { deliveryTag: 1 })
    return [before, await lab.rest(low), await lab.rest(high)]
  },
)
list.same('stays with the active consumer when others come (classic)', [['1', '2'], []], async (lab) => {
  const [low, high] = [await lab.filled({ 'x-single-active-consumer': true }), await lab.channel()]
  await lab.consume(low, 'q', { prefetch: 5 })
  await lab.consume(high, 'q', { prefetch: 5, args: { 'x-priority': 10 } })
  await lab.send('q', '1', '2')
  return [await lab.rest(low), await lab.rest(high)]
})
list.same('keeps the order of what is given back together (quorum)', ['a', 'b', 'c'], async (lab) => {
  const channel = await lab.filled({ 'x-queue-type': 'quorum', 'x-delivery-limit': 50 }, 'a', 'b', 'c')
  for (let index = 0; index < 3; index += 1) await lab.get(channel, 'q')
  channel.send('basic.nack', { deliveryTag: 3, multiple: true, requeue: true })
  await lab.settle()
  return lab.bodies('q', 3)
})
list.differs(
  'puts what comes back behind everything where a quorum queue has no limit, until 4.3',
  [
    ['b', 'c', 'a'],
    ['b', 'c', 'a'],
    ['a', 'b', 'c'],
  ],
  async (lab) => {
    const args = { 'x-queue-type': 'quorum', ...(lab.version === '3.10' ? {} : { 'x-delivery-limit': -1 }) }
    const channel = await lab.filled(args, 'a', 'b', 'c')
    const seen = await lab.get(channel, 'q')
    channel.send('basic.nack', { deliveryTag: seen?.tag ?? 0, requeue: true })
    await lab.settle()
    return lab.bodies('q', 3)
  },
)

async function closedBy(lab: Lab, name: 'basic.ack', args: Partial<Arguments<'basic.ack'>>): Promise<string> {
  const channel = await lab.channel()
  channel.send(name, args)
  return lab.plain(await channel.untilClosed())
}
