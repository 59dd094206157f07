import { CaseList } from '../conformance-case.js'
import type { Lab, Table } from '../lab.js'

const list = new CaseList('counts, priorities and native retry')
/** Cases about the counts of quorum queues, and about priorities. */
export const counting = list.cases

const quorum = { 'x-queue-type': 'quorum' }
type Way = 'nack' | 'reject' | 'close' | 'recover'

/** Takes a message and returns it, several times. @returns the counts of each delivery */
async function goRound(lab: Lab, way: Way, times: number): Promise<unknown[]> {
  let channel = await lab.channel()
  const counts: unknown[] = []
  for (let index = 0; index <= times; index += 1) {
    const seen = await next(lab, channel, 'q')
    if (seen === undefined) return [...counts, 'gone']
    counts.push([seen.headers['x-delivery-count'], seen.headers['x-acquired-count']])
    if (index === times) break
    const deliveryTag = seen.tag
    if (way === 'nack') channel.send('basic.nack', { deliveryTag, requeue: true })
    else if (way === 'reject') channel.send('basic.reject', { deliveryTag, requeue: true })
    else if (way === 'recover') await channel.call('basic.recover', { requeue: true })
    else await channel.close()
    if (way === 'close') channel = await lab.channel()
  }
  return counts
}

async function next(lab: Lab, channel: Awaited<ReturnType<Lab['channel']>>, queue: string, tries = 30) {
  for (let left = tries; left > 0; left -= 1) {
    const seen = await lab.get(channel, queue)
    if (seen !== undefined) return seen
    await lab.settle(10)
  }
  return undefined
}

async function filled(lab: Lab, args: Table, ...bodies: string[]) {
  const channel = await lab.channel()
  await lab.declare(channel, 'dead')
  await lab.declare(channel, 'q', args)
  await lab.send('q', ...bodies)
}

const none = [undefined, undefined]
const returned = (delivery: number | undefined, acquired: number): readonly [unknown, unknown, unknown] => [
  [delivery ?? acquired, undefined],
  [delivery ?? acquired, undefined],
  [delivery, acquired],
]
const twice = (counts: boolean): readonly [unknown, unknown, unknown] => {
  const [one, two] = [returned(counts ? 1 : undefined, 1), returned(counts ? 2 : undefined, 2)]
  return [
    [[0, undefined], one[0], two[0]],
    [none, one[1], two[1]],
    [none, one[2], two[2]],
  ]
}
for (const [way, counts] of [
  ['nack', false],
  ['reject', true],
  ['close', true],
  ['recover', false],
] as const) {
  list.differs(`says how often a message has come back by ${way} (quorum)`, twice(counts), async (lab) => {
    await filled(lab, quorum, 'a')
    return goRound(lab, way, 2)
  })
  const limited = {
    ...quorum,
    'x-delivery-limit': 1,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': 'dead',
  }
  const gone: unknown = ['gone', 1]
  list.differs(
    `gives a message up that has come back by ${way} more often than its limit (quorum)`,
    [gone, gone, counts ? gone : ['kept', 0]],
    async (lab) => {
      await filled(lab, limited, 'a')
      const seen = await goRound(lab, way, 2)
      return [seen.at(-1) === 'gone' ? 'gone' : 'kept', await lab.count('dead')]
    },
  )
}
list.same('counts nothing in a classic queue', [none, none, none], async (lab) => {
  await filled(lab, {}, 'a')
  return goRound(lab, 'nack', 2)
})
list.same('gives the reason delivery_limit', 'delivery_limit', async (lab) => {
  await filled(
    lab,
    { ...quorum, 'x-delivery-limit': 0, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'dead' },
    'a',
  )
  await goRound(lab, 'reject', 1)
  const [letter] = await lab.drain('dead', 1)
  return letter?.headers['x-first-death-reason']
})

const retry = {
  ...quorum,
  'x-delayed-retry-type': 'failed',
  'x-delayed-retry-min': 1_500,
  'x-delayed-retry-max': 3_000,
}
list.differs('holds back what has failed, since 4.3', ['at once', 'at once', 'later'], async (lab) =>
  held(lab, 'basic.reject'),
)
list.same('holds back nothing that was only given back', 'at once', async (lab) => held(lab, 'basic.nack'))

async function held(lab: Lab, how: 'basic.reject' | 'basic.nack'): Promise<string> {
  await filled(lab, retry, 'a')
  const channel = await lab.channel()
  const seen = await lab.get(channel, 'q')
  channel.send(how, { deliveryTag: seen?.tag ?? 0, requeue: true })
  await lab.settle(100)
  const again = await next(lab, channel, 'q', 3)
  if (again !== undefined) return 'at once'
  return (await next(lab, channel, 'q', 300)) === undefined ? 'never' : 'later'
}

list.same('delivers higher priorities first (classic)', ['c', 'd', 'b', 'a', 'e'], async (lab) =>
  ordered(lab, { 'x-max-priority': 5 }, [
    ['a', 1],
    ['b', 2],
    ['c', 9],
    ['d', 5],
    ['e', undefined],
  ]),
)
list.differs(
  'delivers higher priorities first, since 4.3 (quorum)',
  [
    ['a', 'b', 'c', 'd', 'e'],
    ['c', 'd', 'a', 'b', 'e'],
    ['c', 'd', 'e', 'b', 'a'],
  ],
  async (lab) =>
    ordered(lab, quorum, [
      ['a', 1],
      ['b', 2],
      ['c', 9],
      ['d', 5],
      ['e', undefined],
    ]),
)

list.differs(
  'lets older messages of a lower priority have every third turn, in 4.0 (quorum)',
  [
    ['a', 'b', 'c', 'd', 'e', 'f'],
    ['c', 'd', 'a', 'e', 'f', 'b'],
    ['c', 'd', 'e', 'f', 'a', 'b'],
  ],
  async (lab) =>
    ordered(lab, quorum, [
      ['a', 1],
      ['b', 1],
      ['c', 9],
      ['d', 9],
      ['e', 9],
      ['f', 9],
    ]),
)
list.differs(
  'lets newer messages of a lower priority wait (quorum)',
  [
    ['a', 'b', 'c', 'd', 'e', 'f'],
    ['a', 'b', 'c', 'e', 'd', 'f'],
    ['a', 'b', 'c', 'e', 'd', 'f'],
  ],
  async (lab) =>
    ordered(lab, quorum, [
      ['a', 9],
      ['b', 9],
      ['c', 9],
      ['d', 1],
      ['e', 9],
      ['f', 1],
    ]),
)
list.differs(
  'puts what comes back before higher priorities, since 4.0 (quorum)',
  [
    ['high', 'low2', 'low'],
    ['low', 'high', 'low2'],
    ['low', 'high', 'low2'],
  ],
  async (lab) => {
    await filled(lab, quorum)
    const channel = await lab.channel()
    await lab.publish('', 'q', 'low', { priority: 1 })
    const seen = await lab.get(channel, 'q')
    await lab.publish('', 'q', 'high', { priority: 9 })
    await lab.publish('', 'q', 'low2', { priority: 1 })
    channel.send('basic.nack', { deliveryTag: seen?.tag ?? 0, requeue: true })
    await lab.settle()
    return lab.bodies('q', 3)
  },
)

async function ordered(
  lab: Lab,
  args: Table,
  messages: readonly (readonly [body: string, priority: number | undefined])[],
): Promise<string[]> {
  await filled(lab, args)
  for (const [body, priority] of messages) await lab.publish('', 'q', body, priority === undefined ? {} : { priority })
  return lab.bodies('q', messages.length)
}
