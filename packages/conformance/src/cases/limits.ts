import { CaseList } from '../conformance-case.js'
import { deathOf, deaths } from '../death-tables.js'
import type { Lab, Table } from '../lab.js'
import { DEAD, QUEUE_TYPES } from '../queue-types.js'

const list = new CaseList('limits and expiry')
/** Cases about messages that queues do not keep. */
export const limits = list.cases

for (const [type, args] of QUEUE_TYPES) {
  const of = `(${type})`
  list.same(`drops the oldest above its length ${of}`, ['b', 'c'], async (lab) => {
    await lab.withDead({ ...args, 'x-max-length': 2 })
    await lab.send('q', 'a', 'b', 'c')
    await lab.settle()
    return lab.bodies('q', 2)
  })
  list.same(`drops the oldest above its bytes ${of}`, ['b', 'c'], async (lab) => {
    await lab.withDead({ ...args, 'x-max-length-bytes': 250 })
    await lab.send('q', ...['a', 'b', 'c'].map((letter) => letter.repeat(100)))
    await lab.settle()
    return (await lab.bodies('q', 2)).map((body) => body.slice(0, 1))
  })
  list.same(`sends what is too many to the dead-letter exchange ${of}`, [['maxlen', 'q', 1]], async (lab) => {
    await lab.withDead({ ...args, ...DEAD, 'x-max-length': 1 })
    await lab.send('q', 'a', 'b')
    return (await lab.drain('dead', 1)).map(deathOf)
  })
  list.differs(
    `drops the oldest when more comes back than there is room for ${of}`,
    [type === 'quorum' ? ['a'] : ['b'], ['b'], ['b']],
    async (lab) => {
      const channel = await lab.withDead({ ...args, 'x-max-length': 1 })
      await lab.send('q', 'a')
      const seen = await lab.get(channel, 'q')
      await lab.send('q', 'b')
      channel.send('basic.nack', { deliveryTag: seen?.tag ?? 0, requeue: true })
      await lab.settle()
      return lab.bodies('q', 1)
    },
  )
  list.same(`does not count what is in somebody's hand ${of}`, 1, async (lab) => {
    const channel = await lab.withDead({ ...args, 'x-max-length': 1 })
    await lab.send('q', 'a')
    await lab.get(channel, 'q')
    await lab.send('q', 'b')
    await lab.settle()
    return lab.count('q')
  })
  list.same(
    `sends what has expired to the dead-letter exchange, by the queue's TTL ${of}`,
    [['expired', 'q', 1]],
    async (lab) => {
      await lab.withDead({ ...args, ...DEAD, 'x-message-ttl': 20 })
      await lab.send('q', 'a')
      return (await lab.drain('dead', 1)).map(deathOf)
    },
  )
  list.same(`keeps the expiration of a message as original-expiration ${of}`, ['30', undefined], async (lab) => {
    await lab.withDead({ ...args, ...DEAD })
    await lab.publish('', 'q', 'a', { expiration: '30' })
    const [message] = await lab.drain('dead', 1)
    return [deaths(message)[0]?.['original-expiration'], message?.properties.expiration]
  })
  list.same(`lets the shorter of two TTLs count ${of}`, ['a'], async (lab) => {
    await lab.withDead({ ...args, ...DEAD, 'x-message-ttl': 60_000 })
    await lab.publish('', 'q', 'a', { expiration: '20' })
    return lab.bodies('dead', 1)
  })
  list.same(`holds back what has expired behind what has not ${of}`, [0, 2], async (lab) => {
    await lab.withDead({ ...args, ...DEAD })
    await lab.publish('', 'q', 'a', { expiration: '400' })
    await lab.publish('', 'q', 'b', { expiration: '10' })
    await lab.settle(100)
    const early = await lab.count('dead')
    return [early, (await lab.drain('dead', 2)).length]
  })
  list.same(`delivers nothing that has expired ${of}`, [], async (lab) => {
    const channel = await lab.withDead(args)
    await lab.publish('', 'q', 'a', { expiration: '10' })
    await lab.settle(80)
    await lab.consume(channel, 'q')
    return lab.rest(channel)
  })
  list.same(`deletes an unused queue ${of}`, "NOT_FOUND - no queue 'q' in vhost '<vhost>'", async (lab) => {
    await lab.withDead({ ...args, 'x-expires': 50 })
    await lab.settle(700)
    return lab.outcome(lab.declare(await lab.channel(), 'q', {}, { passive: true }))
  })
}

list.differs(
  'counts the properties among the bytes of a quorum queue, since 4.3',
  [['b', 'c'], ['b', 'c'], ['c']],
  async (lab) => {
    await lab.withDead({ 'x-queue-type': 'quorum', 'x-max-length-bytes': 5 })
    await lab.send('q', 'aa', 'bb', 'cc')
    await lab.settle()
    return (await lab.bodies('q', 1)).map((body) => body.slice(0, 1))
  },
)
list.same(
  'takes messages again below four fifths of its length (quorum)',
  ['refused', 'refused', 'stored'],
  async (lab) => {
    const channel = await lab.withDead({
      'x-queue-type': 'quorum',
      'x-max-length': 10,
      'x-overflow': 'reject-publish',
    })
    for (let index = 0; index < 11; index += 1) {
      await lab.publish('', 'q', `${index}`)
      await lab.settle(15)
    }
    const outcomes: string[] = []
    for (let index = 0; index < 3; index += 1) {
      await lab.get(channel, 'q', true)
      await lab.settle()
      outcomes.push(await lab.publish('', 'q', 'more'))
    }
    return outcomes
  },
)
list.same(
  'refuses what is above the length of a classic queue, if asked to',
  ['stored', 'stored', 'refused', 'refused', ['a', 'b']],
  async (lab) => refusing(lab, {}),
)
list.same(
  'refuses what is above the length of a quorum queue, which takes one more',
  ['stored', 'stored', 'stored', 'refused', ['a', 'b', 'c']],
  async (lab) => refusing(lab, { 'x-queue-type': 'quorum' }),
)
list.same(
  'sends what a classic queue refuses to the dead-letter exchange, if asked to',
  ['refused', [['maxlen', 'q', 1]]],
  async (lab) => {
    await lab.withDead({ ...DEAD, 'x-max-length': 1, 'x-overflow': 'reject-publish-dlx' })
    await lab.send('q', 'a')
    const outcome = await lab.publish('', 'q', 'b')
    return [outcome, (await lab.drain('dead', 1)).map(deathOf)]
  },
)
for (const [type, args] of QUEUE_TYPES)
  list.same(`delivers at once what expires at once, if somebody consumes (${type})`, ['a'], async (lab) => {
    const channel = await lab.withDead({ ...args, 'x-message-ttl': 0 })
    await lab.consume(channel, 'q')
    await lab.send('q', 'a')
    return (await lab.deliveries(channel, 1)).map(({ body }) => body)
  })
const EXPIRATIONS: readonly [expiration: string, reply: string][] = [
  ['foo', 'no_integer'],
  ['-1', '{value_negative,-1}'],
  ['1a', '{leftover_string,"a"}'],
  ['', 'no_integer'],
]
for (const [expiration, reply] of EXPIRATIONS) {
  list.same(
    `refuses the expiration '${expiration}'`,
    `PRECONDITION_FAILED - invalid expiration '${expiration}': ${reply}`,
    async (lab) => {
      const channel = await lab.channel()
      channel.publish({ routingKey: 'q' }, '', { expiration })
      return lab.plain(await channel.untilClosed())
    },
  )
}

async function refusing(lab: Lab, args: Table): Promise<unknown> {
  await lab.withDead({ ...args, 'x-max-length': 2, 'x-overflow': 'reject-publish' })
  const outcomes: unknown[] = []
  for (const body of ['a', 'b', 'c', 'd']) {
    outcomes.push(await lab.publish('', 'q', body))
    await lab.settle()
  }
  return [...outcomes, await lab.bodies('q', 2)]
}
