import type { Arguments } from '@leveret/memory-broker/wire'
import { CaseList } from '../conformance-case.js'
import { QUEUE_TYPES } from '../queue-types.js'

const list = new CaseList('delivering')
/** Cases about the deliveries of classic and quorum queues. */
export const delivering = list.cases

for (const [type, args] of QUEUE_TYPES) {
  const of = `(${type})`
  list.same(`delivers in the order of publishing ${of}`, ['a', 'b', 'c'], async (lab) => {
    const channel = await lab.filled(args, 'a', 'b', 'c')
    await lab.consume(channel, 'q')
    return (await lab.deliveries(channel, 3)).map(({ body }) => body)
  })
  list.same(
    `delivers no more than the prefetch, and one more for each ack ${of}`,
    [['a', 'b'], [], ['c']],
    async (lab) => {
      const channel = await lab.filled(args, 'a', 'b', 'c')
      await lab.consume(channel, 'q', { prefetch: 2 })
      const first = await lab.deliveries(channel, 2)
      const more = await lab.rest(channel)
      channel.send('basic.ack', { deliveryTag: 1 })
      return [first.map(({ body }) => body), more, (await lab.deliveries(channel, 1)).map(({ body }) => body)]
    },
  )
  list.same(`knows no prefetch without acknowledgements ${of}`, ['a', 'b', 'c'], async (lab) => {
    const channel = await lab.filled(args, 'a', 'b', 'c')
    await lab.consume(channel, 'q', { prefetch: 1, noAck: true })
    return (await lab.deliveries(channel, 3)).map(({ body }) => body)
  })
  list.same(`acknowledges everything up to a tag ${of}`, 0, async (lab) => {
    const channel = await lab.filled(args, 'a', 'b', 'c')
    await lab.consume(channel, 'q')
    await lab.deliveries(channel, 3)
    channel.send('basic.ack', { deliveryTag: 3, multiple: true })
    await channel.call('basic.cancel', { consumerTag: 'c' })
    await channel.close()
    await lab.settle()
    return lab.count('q')
  })
  list.same(
    `gives back what was not settled when the channel closes, in its order and as redelivered ${of}`,
    [
      ['a', true],
      ['b', true],
      ['c', false],
    ],
    async (lab) => {
      const channel = await lab.filled(args, 'a', 'b', 'c')
      await lab.consume(channel, 'q', { prefetch: 2 })
      await lab.deliveries(channel, 2)
      await channel.close()
      return (await lab.drain('q', 3)).map(({ body, redelivered }) => [body, redelivered])
    },
  )
  list.same(
    `delivers again at once what was rejected with requeue ${of}`,
    [
      ['a', false],
      ['a', true],
    ],
    async (lab) => {
      const channel = await lab.filled(args, 'a')
      await lab.consume(channel, 'q', { prefetch: 1 })
      const [first] = await lab.deliveries(channel, 1)
      channel.send('basic.reject', { deliveryTag: 1, requeue: true })
      const [second] = await lab.deliveries(channel, 1)
      return [first, second].map((seen) => [seen?.body, seen?.redelivered])
    },
  )
  list.same(`drops what was rejected without a dead-letter exchange ${of}`, 0, async (lab) => {
    const channel = await lab.filled(args, 'a')
    const seen = await lab.get(channel, 'q')
    channel.send('basic.reject', { deliveryTag: seen?.tag ?? 0 })
    await lab.settle()
    return lab.count('q')
  })
  list.same(`says how many messages are left behind one that was got ${of}`, [1, 0, 'empty'], async (lab) => {
    const channel = await lab.filled(args, 'a', 'b')
    const answers = []
    for (let index = 0; index < 3; index += 1) answers.push(await channel.call('basic.get', { queue: 'q' }))
    return answers.map(({ method }) =>
      method.name === 'basic.get-empty' ? 'empty' : (method.args as Arguments<'basic.get-ok'>).messageCount,
    )
  })
  list.same(`delivers by turns to consumers with room ${of}`, [2, 2], async (lab) => {
    const [one, two] = [await lab.channel(), await lab.channel()]
    await lab.declare(one, 'q', args)
    await lab.consume(one, 'q', { prefetch: 10 })
    await lab.consume(two, 'q', { prefetch: 10 })
    await lab.send('q', 'a', 'b', 'c', 'd')
    await lab.settle()
    return [(await lab.rest(one)).length, (await lab.rest(two)).length]
  })
  list.same(`delivers to a consumer of a higher priority first ${of}`, [['c'], ['a', 'b']], async (lab) => {
    const [low, high] = [await lab.channel(), await lab.channel()]
    await lab.declare(low, 'q', args)
    await lab.consume(low, 'q', { prefetch: 2 })
    await lab.consume(high, 'q', { prefetch: 2, args: { 'x-priority': 10 } })
    await lab.send('q', 'a', 'b', 'c')
    return [await lab.rest(low), await lab.rest(high)]
  })
  list.same(
    `delivers to one consumer only if that is asked for, and to the next one after it ${of}`,
    [['a', 'b'], [], ['c']],
    async (lab) => {
      const [one, two] = [await lab.channel(), await lab.channel()]
      await lab.declare(one, 'q', { ...args, 'x-single-active-consumer': true })
      await lab.consume(one, 'q', { prefetch: 10 })
      await lab.consume(two, 'q', { prefetch: 10 })
      await lab.send('q', 'a', 'b')
      const [first, none] = [await lab.rest(one), await lab.rest(two)]
      one.send('basic.ack', { deliveryTag: 2, multiple: true })
      await one.call('basic.cancel', { consumerTag: 'c' })
      await lab.send('q', 'c')
      return [first, none, await lab.rest(two)]
    },
  )
  list.same(`tells a consumer that its queue is gone ${of}`, 'c', async (lab) => {
    const channel = await lab.filled(args)
    await lab.consume(channel, 'q')
    await (await lab.channel()).call('queue.delete', { queue: 'q' })
    const { method } = await channel.event('basic.cancel')
    return (method.args as Arguments<'basic.cancel'>).consumerTag
  })
  list.same(`leaves what a consumer holds with it when it is cancelled ${of}`, [['a'], 'ok', 0], async (lab) => {
    const channel = await lab.filled(args, 'a', 'b')
    await lab.consume(channel, 'q', { prefetch: 1 })
    const first = await lab.deliveries(channel, 1)
    await channel.call('basic.cancel', { consumerTag: 'c' })
    channel.send('basic.ack', { deliveryTag: 1 })
    const acked = await lab.outcome(channel.call('basic.qos', {}))
    await lab.settle()
    return [first.map(({ body }) => body), acked, (await lab.count('q')) - 1]
  })
  list.same(
    `gives everything back when a client asks to recover ${of}`,
    [
      ['a', true],
      ['b', true],
    ],
    async (lab) => {
      const channel = await lab.filled(args, 'a', 'b')
      await lab.get(channel, 'q')
      await lab.get(channel, 'q')
      await channel.call('basic.recover', { requeue: true })
      return (await lab.drain('q', 2)).map(({ body, redelivered }) => [body, redelivered])
    },
  )
}
