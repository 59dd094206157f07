import { FieldTable } from '@leveret/memory-broker/wire'
import { CaseList } from '../conformance-case.js'

const list = new CaseList('exchanges and bindings')
/** Cases about the declaration of exchanges and bindings. */
export const exchanges = list.cases

const denied = 'ACCESS_REFUSED - operation not permitted on the default exchange'

list.same('refuses to declare the default exchange', denied, async (lab) =>
  lab.outcome(lab.exchange(await lab.channel(), '', 'direct')),
)
list.same('refuses to delete the default exchange', denied, async (lab) =>
  lab.outcome((await lab.channel()).call('exchange.delete', { exchange: '' })),
)
list.same(
  'refuses to delete an exchange of its own',
  "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '<vhost>' not allowed",
  async (lab) => lab.outcome((await lab.channel()).call('exchange.delete', { exchange: 'amq.direct' })),
)
list.same(
  'refuses an exchange with a name of its own',
  "ACCESS_REFUSED - exchange name 'amq.x' contains reserved prefix 'amq.*'",
  async (lab) => lab.outcome(lab.exchange(await lab.channel(), 'amq.x', 'direct')),
)
list.differs(
  'refuses a type of exchange that there is not',
  [
    "COMMAND_INVALID - invalid exchange type 'foo'",
    "PRECONDITION_FAILED - invalid exchange type 'foo'",
    "PRECONDITION_FAILED - invalid exchange type 'foo'",
  ],
  async (lab) => lab.outcome(lab.exchange(await lab.channel(), 'e', 'foo')),
)
list.differs(
  'knows x-modulus-hash since 4.3',
  [
    "COMMAND_INVALID - unknown exchange type 'x-modulus-hash'",
    "PRECONDITION_FAILED - unknown exchange type 'x-modulus-hash'",
    'ok',
  ],
  async (lab) => lab.outcome(lab.exchange(await lab.channel(), 'e', 'x-modulus-hash')),
)
list.differs(
  'knows x-local-random since 4.0',
  ["COMMAND_INVALID - unknown exchange type 'x-local-random'", 'ok', 'ok'],
  async (lab) => lab.outcome(lab.exchange(await lab.channel(), 'e', 'x-local-random')),
)
list.same(
  'refuses another type for an exchange that is there',
  "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'e' in vhost '<vhost>': received 'fanout' but current is 'direct'",
  async (lab) => {
    const channel = await lab.channel()
    await lab.exchange(channel, 'e', 'direct')
    return lab.outcome(lab.exchange(channel, 'e', 'fanout'))
  },
)
list.same(
  'refuses another durability for an exchange that is there',
  "PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'e' in vhost '<vhost>': received 'false' but current is 'true'",
  async (lab) => {
    const channel = await lab.channel()
    await lab.exchange(channel, 'e', 'direct')
    return lab.outcome(lab.exchange(channel, 'e', 'direct', { durable: false }))
  },
)
list.same(
  'refuses a missing alternate exchange for an exchange that is there',
  "PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange 'e' in vhost '<vhost>': received none but current is the value 'x' of type 'longstr'",
  async (lab) => {
    const channel = await lab.channel()
    await lab.exchange(channel, 'e', 'direct', { arguments: FieldTable.of({ 'alternate-exchange': 'x' }) })
    return lab.outcome(lab.exchange(channel, 'e', 'direct'))
  },
)
list.same('knows no exchange that was not declared', "NOT_FOUND - no exchange 'nope' in vhost '<vhost>'", async (lab) =>
  lab.outcome(lab.exchange(await lab.channel(), 'nope', '', { passive: true })),
)
list.same(
  'refuses to delete an exchange in use, if asked to',
  "PRECONDITION_FAILED - exchange 'e' in vhost '<vhost>' in use",
  async (lab) => {
    const channel = await lab.bound('direct', ['k'])
    return lab.outcome(channel.call('exchange.delete', { exchange: 'e', ifUnused: true }))
  },
)
list.same(
  'deletes an auto-delete exchange with its last binding',
  "NOT_FOUND - no exchange 'e' in vhost '<vhost>'",
  async (lab) => {
    const channel = await lab.channel()
    await lab.exchange(channel, 'e', 'direct', { autoDelete: true })
    await lab.declare(channel, 'q')
    await lab.bind(channel, 'q', 'e', 'k')
    await channel.call('queue.unbind', { queue: 'q', exchange: 'e', routingKey: 'k' })
    return lab.outcome(lab.exchange(channel, 'e', '', { passive: true }))
  },
)
list.same('refuses to bind to the default exchange', denied, async (lab) => {
  const channel = await lab.channel()
  await lab.declare(channel, 'q')
  return lab.outcome(lab.bind(channel, 'q', '', 'k'))
})
list.same('binds no queue that is missing', "NOT_FOUND - no queue 'nope' in vhost '<vhost>'", async (lab) =>
  lab.outcome(lab.bind(await lab.channel(), 'nope', 'amq.direct')),
)
list.same('binds to no exchange that is missing', "NOT_FOUND - no exchange 'nope' in vhost '<vhost>'", async (lab) => {
  const channel = await lab.channel()
  await lab.declare(channel, 'q')
  return lab.outcome(lab.bind(channel, 'q', 'nope'))
})
list.same(
  "unbinds what is not bound of another connection's queue, and nothing that is",
  ['ok', 'RESOURCE_LOCKED'],
  async (lab) => {
    const owner = await lab.channel()
    await lab.declare(owner, 'q', {}, { exclusive: true })
    await lab.bind(owner, 'q', 'amq.direct', 'k')
    const other = await (await lab.connect()).channel()
    const unbind = (routingKey: string) =>
      lab.outcome(other.call('queue.unbind', { queue: 'q', exchange: 'amq.direct', routingKey }))
    return [await unbind('nope'), (await unbind('k')).split(' ')[0]]
  },
)
list.same(
  'names the exchange first where the queue of a binding is missing too',
  "NOT_FOUND - no exchange 'nope' in vhost '<vhost>'",
  async (lab) => lab.outcome(lab.bind(await lab.channel(), 'neither', 'nope')),
)
list.same('unbinds what is not bound', 'ok', async (lab) => {
  const channel = await lab.channel()
  await lab.declare(channel, 'q')
  return lab.outcome(channel.call('queue.unbind', { queue: 'q', exchange: 'amq.direct', routingKey: 'k' }))
})
list.differs(
  'takes at most two # in a binding key since 4.3',
  ['ok', 'ok', "PRECONDITION_FAILED - Topic binding key '#.a.#.b.#' uses 3 '#' wildcards, at most 2 are allowed"],
  async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q')
    return lab.outcome(lab.bind(channel, 'q', 'amq.topic', '#.a.#.b.#'))
  },
)
list.same(
  'refuses an x-match that there is not',
  'PRECONDITION_FAILED - Invalid x-match field value <<"foo">>; expected all, any, all-with-x, or any-with-x',
  async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q')
    return lab.outcome(lab.bind(channel, 'q', 'amq.headers', '', { 'x-match': 'foo' }))
  },
)
