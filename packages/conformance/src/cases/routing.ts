import { FieldTable } from '@leveret/memory-broker/wire'
import { CaseList } from '../conformance-case.js'
import type { Table } from '../lab.js'

const list = new CaseList('routing')
/** Cases about the routing of messages. */
export const routing = list.cases

list.same('sends through a direct exchange by equal keys', ['stored', 'returned'], async (lab) => {
  await lab.bound('direct', ['k'])
  return [await lab.publish('e', 'k'), await lab.publish('e', 'K')]
})
list.same('sends through a fanout exchange whatever the key', ['stored', 'stored'], async (lab) => {
  await lab.bound('fanout', ['k'])
  return [await lab.publish('e', 'k'), await lab.publish('e', 'other')]
})
list.same('stores once what two bindings bring', 1, async (lab) => {
  await lab.bound('topic', ['a.*', '*.b', 'a.b'])
  await lab.publish('e', 'a.b')
  return (await lab.drain('q', 1)).length
})
list.same('makes of the same binding twice one that one unbind removes', ['stored', 'returned'], async (lab) => {
  const channel = await lab.bound('direct', ['k', 'k'])
  const before = await lab.publish('e', 'k')
  await channel.call('queue.unbind', { queue: 'q', exchange: 'e', routingKey: 'k' })
  return [before, await lab.publish('e', 'k')]
})

const TOPICS: readonly [pattern: string, key: string, matches: boolean][] = [
  ['#', '', true],
  ['#', 'a.b.c', true],
  ['*', '', false],
  ['*', 'a', true],
  ['*', 'a.b', false],
  ['', '', true],
  ['a.#', 'a', true],
  ['a.#', 'a.b.c', true],
  ['a.#', 'ab', false],
  ['#.c', 'c', true],
  ['#.c', 'a.b.c', true],
  ['a.#.c', 'a.c', true],
  ['a.#.c', 'a.b.b.c', true],
  ['a.*.c', 'a.c', false],
  ['a.*.c', 'a..c', true],
  ['*.*', 'a.', true],
  ['#.#', 'a', true],
  ['*.#', '', false],
  ['a.b', 'a.b.', false],
]
for (const [pattern, key, matches] of TOPICS) {
  list.same(
    `matches the key '${key}' with '${pattern}' ${matches ? '' : 'not '}in a topic exchange`,
    matches ? 'stored' : 'returned',
    async (lab) => {
      await lab.bound('topic', [pattern])
      return lab.publish('e', key)
    },
  )
}

const HEADERS: readonly [args: Table, headers: Table, matches: boolean][] = [
  [{ 'x-match': 'all', a: 1, b: 'x' }, { a: 1, b: 'x', c: 3 }, true],
  [{ 'x-match': 'all', a: 1, b: 'x' }, { a: 1 }, false],
  [{ a: 1 }, { a: 1 }, true],
  [{ 'x-match': 'any', a: 1, b: 'x' }, { b: 'x' }, true],
  [{ 'x-match': 'any', a: 1 }, { a: 2 }, false],
  [{ 'x-match': 'any' }, { a: 2 }, false],
  [{ 'x-match': 'all' }, {}, true],
  [{ a: null }, { a: 7 }, true],
  [{ a: null }, {}, false],
  [{ 'x-match': 'all', 'x-a': 1 }, {}, true],
  [{ 'x-match': 'all-with-x', 'x-a': 1 }, {}, false],
  [{ 'x-match': 'any-with-x', 'x-a': 1 }, { 'x-a': 1 }, true],
  [{ a: 1 }, { a: '1' }, false],
  [{ a: true }, { a: true }, true],
]
for (const [args, headers, matches] of HEADERS) {
  const name = `matches the headers ${JSON.stringify(headers)} with ${JSON.stringify(args)} ${matches ? '' : 'not '}in a headers exchange`
  list.same(name, matches ? 'stored' : 'returned', async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q')
    await lab.bind(channel, 'q', 'amq.headers', '', args)
    return lab.publish('amq.headers', '', '', { headers: FieldTable.of(headers) })
  })
}

list.same('sends from exchange to exchange, also in a circle', ['stored', 1], async (lab) => {
  const channel = await lab.bound('fanout', [''])
  await lab.exchange(channel, 'f', 'fanout')
  await channel.call('exchange.bind', { destination: 'e', source: 'f' })
  await channel.call('exchange.bind', { destination: 'f', source: 'e' })
  return [await lab.publish('f', ''), (await lab.drain('q', 1)).length]
})
list.same('sends unroutable messages to the alternate exchange', ['stored', 'returned'], async (lab) => {
  const channel = await lab.bound('fanout', [''])
  await lab.exchange(channel, 'a', 'direct', { arguments: FieldTable.of({ 'alternate-exchange': 'e' }) })
  await lab.exchange(channel, 'b', 'direct', { arguments: FieldTable.of({ 'alternate-exchange': 'nope' }) })
  return [await lab.publish('a', 'k'), await lab.publish('b', 'k')]
})
list.same(
  'sends copies to the keys of CC and BCC, and shows CC only',
  { cc: ['cc'], bcc: undefined, queues: [1, 1, 1] },
  async (lab) => {
    const channel = await lab.channel()
    for (const queue of ['to', 'cc', 'bcc']) await lab.declare(channel, queue)
    await lab.publish('', 'to', 'x', { headers: FieldTable.of({ CC: ['cc'], BCC: ['bcc'] }) })
    const [to] = await lab.drain('to', 1)
    const queues = [to === undefined ? 0 : 1, (await lab.drain('cc', 1)).length, (await lab.drain('bcc', 1)).length]
    return { cc: to?.headers.CC, bcc: to?.headers.BCC, queues }
  },
)
list.same(
  'publishes to no exchange that is missing',
  "NOT_FOUND - no exchange 'nope' in vhost '<vhost>'",
  async (lab) => {
    const channel = await lab.channel()
    channel.publish({ exchange: 'nope' }, '')
    return lab.plain(await channel.untilClosed())
  },
)
list.same(
  'publishes to no internal exchange',
  "ACCESS_REFUSED - cannot publish to internal exchange 'e' in vhost '<vhost>'",
  async (lab) => {
    const channel = await lab.channel()
    await lab.exchange(channel, 'e', 'fanout', { internal: true })
    channel.publish({ exchange: 'e' }, '')
    return lab.plain(await channel.untilClosed())
  },
)
