import { FieldTable } from '@leveret/memory-broker/wire'
import { CaseList } from '../conformance-case.js'
import { deathOf, deaths } from '../death-tables.js'
import type { Lab, Seen, Table } from '../lab.js'
import { DEAD, QUEUE_TYPES } from '../queue-types.js'
import type { RawChannel } from '../raw-channel.js'

const list = new CaseList('dead letters')
/** Cases about messages that queues give up. */
export const deadLetters = list.cases

for (const [type, args] of QUEUE_TYPES) {
  const of = `(${type})`
  list.same(
    `sends what is rejected to the dead-letter exchange, with where and why ${of}`,
    { death: ['rejected', 'q', 1], first: ['rejected', 'q', 'e'], keys: ['k'], exchange: 'e', routed: ['', 'dead'] },
    async (lab) => {
      const channel = await lab.withDead({ ...args, ...DEAD })
      await lab.exchange(channel, 'e', 'direct')
      await lab.bind(channel, 'q', 'e', 'k')
      await lab.publish('e', 'k', 'a')
      const seen = await lab.get(channel, 'q')
      channel.send('basic.reject', { deliveryTag: seen?.tag ?? 0 })
      const [message] = await lab.drain('dead', 1)
      const [death] = deaths(message)
      const headers = message?.headers ?? {}
      return {
        death: message === undefined ? [] : deathOf(message),
        first: [headers['x-first-death-reason'], headers['x-first-death-queue'], headers['x-first-death-exchange']],
        keys: death?.['routing-keys'],
        exchange: death?.exchange,
        routed: [message?.exchange, message?.key],
      }
    },
  )
  list.same(`keeps the key of a dead letter where the queue gives none ${of}`, ['dlx', 'q'], async (lab) => {
    const channel = await lab.withDead({ ...args, 'x-dead-letter-exchange': 'dlx' })
    await lab.exchange(channel, 'dlx', 'fanout')
    await lab.bind(channel, 'dead', 'dlx')
    await lab.send('q', 'a')
    const seen = await lab.get(channel, 'q')
    channel.send('basic.nack', { deliveryTag: seen?.tag ?? 0 })
    const [message] = await lab.drain('dead', 1)
    return [message?.exchange, message?.key]
  })
  list.same(
    `sends dead letters to the keys of CC and BCC too, and tells of CC ${of}`,
    { keys: ['own', 'cc'], queues: [1, 1, 1] },
    async (lab) => {
      await copied(lab, { ...args, 'x-message-ttl': 20, 'x-dead-letter-exchange': '' })
      const [own] = await lab.drain('own', 1)
      const queues = [own === undefined ? 0 : 1, (await lab.drain('cc', 1)).length, (await lab.drain('bcc', 1)).length]
      return { keys: deaths(own)[0]?.['routing-keys'], queues }
    },
  )
  list.same(`sends dead letters to the queue's key alone, where it gives one ${of}`, [1, 0, 0], async (lab) => {
    const key = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'own' }
    const channel = await copied(lab, { ...args, 'x-message-ttl': 20, ...key })
    const own = await lab.drain('own', 1)
    const others = [await lab.get(channel, 'cc'), await lab.get(channel, 'bcc')]
    return [own.length, ...others.map((message) => (message === undefined ? 0 : 1))]
  })
  list.same(`counts the deaths of one message in one queue ${of}`, [['rejected', 'q', 2]], async (lab) => {
    const channel = await lab.withDead({ ...args, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'q' })
    await lab.send('q', 'a')
    for (let index = 0; index < 2; index += 1) {
      const seen = await next(lab, channel)
      channel.send('basic.reject', { deliveryTag: seen?.tag ?? 0 })
    }
    return (await lab.drain('q', 1)).map(deathOf)
  })
  list.same(`drops what would go round by expiry alone ${of}`, 0, async (lab) => {
    await lab.withDead({
      ...args,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'q',
      'x-message-ttl': 20,
    })
    await lab.send('q', 'a')
    await lab.settle(200)
    return lab.count('q')
  })
  list.same(
    `puts the latest death first ${of}`,
    [
      ['expired', 'wait', 1],
      ['rejected', 'q', 1],
    ],
    async (lab) => {
      const channel = await lab.withDead({
        ...args,
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': 'wait',
      })
      await lab.declare(channel, 'wait', { ...args, ...DEAD, 'x-message-ttl': 20 })
      await lab.send('q', 'a')
      const seen = await lab.get(channel, 'q')
      channel.send('basic.reject', { deliveryTag: seen?.tag ?? 0 })
      const [message] = await lab.drain('dead', 1)
      return deaths(message).map(({ reason, queue, count }) => [reason, queue, count])
    },
  )
  list.differs(
    `says of the last death what it says of the first, since 4.0 ${of}`,
    [undefined, 'q', 'q'],
    async (lab) => {
      const channel = await lab.withDead({ ...args, ...DEAD })
      await lab.send('q', 'a')
      const seen = await lab.get(channel, 'q')
      channel.send('basic.reject', { deliveryTag: seen?.tag ?? 0 })
      const [message] = await lab.drain('dead', 1)
      return message?.headers['x-last-death-queue']
    },
  )
}

list.same('keeps a dead letter until there is a queue for it, if asked to', [1, ['a']], async (lab) => {
  const channel = await lab.channel()
  await lab.declare(channel, 'q', {
    'x-queue-type': 'quorum',
    ...DEAD,
    'x-overflow': 'reject-publish',
    'x-dead-letter-strategy': 'at-least-once',
  })
  await lab.declare(channel, 'dead')
  await lab.send('q', 'a')
  const seen = await lab.get(channel, 'q')
  channel.send('basic.reject', { deliveryTag: seen?.tag ?? 0 })
  const bodies = await lab.bodies('dead', 1)
  return [bodies.length, bodies]
})
list.differs('takes deaths that a client writes for its own, until 4.0', [5, 1, 1], async (lab) => {
  const channel = await lab.withDead(DEAD)
  await lab.declare(channel, 'first', DEAD)
  await lab.send('first', 'a')
  const seen = await lab.get(channel, 'first')
  channel.send('basic.reject', { deliveryTag: seen?.tag ?? 0 })
  const [letter] = await lab.drain('dead', 1)
  const forged = deaths(letter).map((death) => ({ ...death, queue: 'q', count: 4 }))
  await lab.publish('', 'q', 'a', { headers: FieldTable.of({ 'x-death': forged }) })
  const again = await lab.get(channel, 'q')
  channel.send('basic.reject', { deliveryTag: again?.tag ?? 0 })
  const [message] = await lab.drain('dead', 1)
  return deaths(message)[0]?.count
})

/** Publishes a message with the keys `own`, `cc` and `bcc` to a queue with these arguments; the keys are queues too. */
async function copied(lab: Lab, args: Table): Promise<RawChannel> {
  const channel = await lab.withDead(args)
  for (const queue of ['own', 'cc', 'bcc']) await lab.declare(channel, queue)
  await lab.exchange(channel, 'e', 'fanout')
  await lab.bind(channel, 'q', 'e')
  await lab.publish('e', 'own', 'x', { headers: FieldTable.of({ CC: ['cc'], BCC: ['bcc'] }) })
  return channel
}

async function next(lab: Lab, channel: Awaited<ReturnType<Lab['channel']>>): Promise<Seen | undefined> {
  for (let tries = 0; tries < 100; tries += 1) {
    const seen = await lab.get(channel, 'q')
    if (seen !== undefined) return seen
    await lab.settle(10)
  }
  return undefined
}
