import type { Arguments } from '@leveret/memory-broker/wire'
import { CaseList } from '../conformance-case.js'

const list = new CaseList('queues')
/** Cases about queues: their names, their owners, their deletion. */
export const queues = list.cases

const quorum = { 'x-queue-type': 'quorum' }
const locked =
  "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue 'q' in vhost '<vhost>'. It could be originally declared " +
  'on another connection or the exclusive property value does not match that of the original declaration.'

list.same(
  'names an argument that differs with the bytes that it has',
  "PRECONDITION_FAILED - inequivalent arg 'x-dead-letter-exchange' for queue 'q' in vhost '<vhost>': received 'é' but current is 'it’s'",
  async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q', { 'x-dead-letter-exchange': 'it’s' })
    const outcome = await lab.outcome(lab.declare(await lab.channel(), 'q', { 'x-dead-letter-exchange': 'é' }))
    return Buffer.from(outcome, 'latin1').toString()
  },
)
list.same(
  'refuses a name of its own',
  "ACCESS_REFUSED - queue name 'amq.foo' contains reserved prefix 'amq.*'",
  async (lab) => lab.outcome(lab.declare(await lab.channel(), 'amq.foo')),
)
list.same('gives a queue without a name one', 'amq.gen-', async (lab) => {
  const { queue } = await lab.declare(await lab.channel(), '', {}, { exclusive: true })
  return queue.slice(0, 8)
})
list.same(
  'lets an empty name stand for the last queue declared',
  { messages: 1, missing: 'NOT_FOUND - no previously declared queue' },
  async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q')
    await lab.send('q', 'a')
    const got = await lab.get(channel, '')
    const fresh = await lab.channel()
    return { messages: got?.body === 'a' ? 1 : 0, missing: await lab.outcome(lab.get(fresh, '')) }
  },
)
list.same('knows no queue that was not declared', "NOT_FOUND - no queue 'nope' in vhost '<vhost>'", async (lab) =>
  lab.outcome(lab.declare(await lab.channel(), 'nope', {}, { passive: true })),
)
list.same('says how many messages and consumers there are', [2, 1], async (lab) => {
  const channel = await lab.channel()
  await lab.declare(channel, 'q')
  await lab.consume(channel, 'q', { prefetch: 1 })
  await lab.send('q', 'a', 'b', 'c')
  await lab.deliveries(channel, 1)
  const { messageCount, consumerCount } = await lab.declare(channel, 'q', {}, { passive: true })
  return [messageCount, consumerCount]
})
list.same('locks an exclusive queue for other connections', locked, async (lab) => {
  await lab.declare(await lab.channel(), 'q', {}, { exclusive: true })
  const other = await (await lab.connect()).channel()
  return lab.outcome(lab.declare(other, 'q', {}, { passive: true }))
})
list.same(
  'deletes an exclusive queue with its connection',
  "NOT_FOUND - no queue 'q' in vhost '<vhost>'",
  async (lab) => {
    const owner = await lab.connect()
    await lab.declare(await owner.channel(), 'q', {}, { exclusive: true })
    await owner.close()
    await lab.settle()
    return lab.outcome(lab.declare(await lab.channel(), 'q', {}, { passive: true }))
  },
)
list.same(
  'deletes an auto-delete queue with its last consumer',
  ['ok', "NOT_FOUND - no queue 'q' in vhost '<vhost>'"],
  async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q', {}, { autoDelete: true })
    await lab.consume(channel, 'q', { consumerTag: 'a' })
    await lab.consume(channel, 'q', { consumerTag: 'b' })
    await channel.call('basic.cancel', { consumerTag: 'a' })
    const before = await lab.outcome(lab.declare(channel, 'q', {}, { passive: true }))
    await channel.call('basic.cancel', { consumerTag: 'b' })
    await lab.settle()
    return [before, await lab.outcome(lab.declare(channel, 'q', {}, { passive: true }))]
  },
)
list.same('keeps an auto-delete queue that never had a consumer', 'ok', async (lab) => {
  const channel = await lab.channel()
  await lab.declare(channel, 'q', {}, { autoDelete: true })
  await lab.send('q', 'a')
  await lab.drain('q', 1)
  return lab.outcome(lab.declare(channel, 'q', {}, { passive: true }))
})
list.same('deletes a queue that is missing', 0, async (lab) => {
  const { method } = await (await lab.channel()).call('queue.delete', { queue: 'nope' })
  return (method.args as Arguments<'queue.delete-ok'>).messageCount
})
list.same('says how many messages went with a queue', 2, async (lab) => {
  const channel = await lab.channel()
  await lab.declare(channel, 'q')
  await lab.send('q', 'a', 'b')
  const { method } = await channel.call('queue.delete', { queue: 'q' })
  return (method.args as Arguments<'queue.delete-ok'>).messageCount
})
list.same(
  'refuses to delete a queue that is not empty, if asked to',
  "PRECONDITION_FAILED - queue 'q' in vhost '<vhost>' not empty",
  async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q')
    await lab.send('q', 'a')
    return lab.outcome(channel.call('queue.delete', { queue: 'q', ifEmpty: true }))
  },
)
list.same(
  'refuses to delete a queue that is consumed, if asked to',
  "PRECONDITION_FAILED - queue 'q' in vhost '<vhost>' in use",
  async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q')
    await lab.consume(channel, 'q')
    return lab.outcome(channel.call('queue.delete', { queue: 'q', ifUnused: true }))
  },
)
list.same(
  'cannot delete a quorum queue if it is empty',
  "NOT_IMPLEMENTED - cannot delete queue 'q' in vhost '<vhost>'. queue.delete operations with if-empty flag set are not supported by quorum queues",
  async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q', quorum)
    return lab.outcome(channel.call('queue.delete', { queue: 'q', ifEmpty: true }))
  },
)
list.same('purges ready messages, and leaves unacknowledged ones', [2, 1], async (lab) => {
  const channel = await lab.channel()
  await lab.declare(channel, 'q')
  await lab.send('q', 'a', 'b', 'c')
  const taken = await lab.get(channel, 'q')
  const { method } = await channel.call('queue.purge', { queue: 'q' })
  channel.send('basic.nack', { deliveryTag: taken?.tag ?? 0, requeue: true })
  return [(method.args as Arguments<'queue.purge-ok'>).messageCount, (await lab.drain('q', 1)).length]
})
list.same('purges no queue that is missing', "NOT_FOUND - no queue 'nope' in vhost '<vhost>'", async (lab) =>
  lab.outcome((await lab.channel()).call('queue.purge', { queue: 'nope' })),
)

for (const [type, args, expected] of [
  ['classic', {}, [0, 0, 0]],
  ['quorum', quorum, [1, 2, 1]],
] as const) {
  list.same(
    `counts unsettled deliveries of basic.get as consumers, if it is a quorum queue (${type})`,
    expected,
    async (lab) => {
      const channel = await lab.filled(args, 'a', 'b')
      const counts: number[] = []
      for (const step of ['get', 'get', 'ack']) {
        if (step === 'get') await lab.get(channel, 'q')
        else channel.send('basic.ack', { deliveryTag: 1 })
        await lab.settle()
        counts.push((await lab.declare(channel, 'q', args)).consumerCount)
      }
      return counts
    },
  )
}
