import type { Arguments } from '@leveret/memory-broker/wire'
import { CaseList } from '../conformance-case.js'

const list = new CaseList('confirms, transactions and replies')
/** Cases about confirms and returns. */
export const publishing = list.cases

list.same('confirms what it has stored, and what it has returned', ['stored', 'returned'], async (lab) => {
  await lab.declare(await lab.channel(), 'q')
  return [await lab.publish('', 'q'), await lab.publish('', 'nope')]
})
list.same(
  'returns a message with its content before it confirms it',
  ['basic.return', 312, 'NO_ROUTE', 'hello', 'basic.ack'],
  async (lab) => {
    const channel = await lab.channel()
    await channel.call('confirm.select', {})
    channel.publish({ routingKey: 'nope', mandatory: true }, 'hello')
    const first = await channel.eventOf(['basic.return', 'basic.ack'])
    const second = await channel.eventOf(['basic.return', 'basic.ack'])
    const { replyCode, replyText } = first.method.args as Arguments<'basic.return'>
    return [first.method.name, replyCode, replyText, first.body, second.method.name]
  },
)
list.same(
  'has no confirms together with a transaction',
  [
    'PRECONDITION_FAILED - cannot switch from confirm to tx mode',
    'PRECONDITION_FAILED - cannot switch from tx to confirm mode',
  ],
  async (lab) => {
    const [one, two] = [await lab.channel(), await lab.channel()]
    await one.call('confirm.select', {})
    await two.call('tx.select', {})
    return [await lab.outcome(one.call('tx.select', {})), await lab.outcome(two.call('confirm.select', {}))]
  },
)
list.same(
  'publishes in a transaction when that is committed, and not when it is rolled back',
  [0, 1, 1],
  async (lab) => {
    const channel = await lab.channel()
    await lab.declare(channel, 'q')
    await channel.call('tx.select', {})
    channel.publish({ routingKey: 'q' }, 'a')
    await channel.call('basic.qos', {})
    const before = await lab.count('q')
    await channel.call('tx.commit', {})
    await lab.settle()
    const committed = await lab.count('q')
    channel.publish({ routingKey: 'q' }, 'b')
    await channel.call('tx.rollback', {})
    await lab.settle()
    return [before, committed, await lab.count('q')]
  },
)
list.same('commits nothing without a transaction', 'PRECONDITION_FAILED - channel is not transactional', async (lab) =>
  lab.outcome((await lab.channel()).call('tx.commit', {})),
)

const REPLY_TO = 'amq.rabbitmq.reply-to'
list.same('brings replies to the channel that asked', ['pong', true], async (lab) => {
  const channel = await lab.channel()
  await lab.declare(channel, 'q')
  await lab.consume(channel, REPLY_TO, { noAck: true })
  channel.publish({ routingKey: 'q' }, 'ping', { replyTo: REPLY_TO })
  const [request] = await lab.drain('q', 1)
  const replyTo = request?.properties.replyTo ?? ''
  await lab.publish('', replyTo, 'pong')
  const [reply] = await lab.deliveries(channel, 1)
  return [reply?.body, replyTo.startsWith(`${REPLY_TO}.`)]
})
list.same('acknowledges no replies', 'PRECONDITION_FAILED - reply consumer cannot acknowledge', async (lab) =>
  lab.outcome(lab.consume(await lab.channel(), REPLY_TO)),
)
list.same(
  'has one consumer of replies for a channel',
  'PRECONDITION_FAILED - reply consumer already set',
  async (lab) => {
    const channel = await lab.channel()
    await lab.consume(channel, REPLY_TO, { noAck: true })
    return lab.outcome(lab.consume(channel, REPLY_TO, { noAck: true, consumerTag: 'd' }))
  },
)
list.same(
  'asks for no reply without a waiting client',
  'PRECONDITION_FAILED - fast reply consumer does not exist',
  async (lab) => {
    const channel = await lab.channel()
    channel.publish({ routingKey: 'q' }, '', { replyTo: REPLY_TO })
    return lab.plain(await channel.untilClosed())
  },
)
list.differs(
  'knows no address of replies that it did not make',
  [
    "NOT_FOUND - no queue 'amq.rabbitmq.reply-to.forged' in vhost '<vhost>'",
    "NOT_FOUND - no queue 'amq.rabbitmq.reply-to.forged' in vhost '<vhost>'",
    'INTERNAL_ERROR',
  ],
  async (lab) => lab.outcome(lab.declare(await lab.channel(), `${REPLY_TO}.forged`, {}, { passive: true })),
)
list.differs(
  'returns a reply whose client no longer waits, until 4.3',
  ['returned', 'returned', 'stored'],
  async (lab) => {
    const channel = await (await lab.connect()).channel()
    await lab.declare(channel, 'q')
    await lab.consume(channel, REPLY_TO, { noAck: true })
    channel.publish({ routingKey: 'q' }, 'ping', { replyTo: REPLY_TO })
    const [request] = await lab.drain('q', 1)
    await channel.close()
    await lab.settle()
    return lab.publish('', request?.properties.replyTo ?? '', 'pong')
  },
)
list.same('gives a new secret its answer', 'ok', async (lab) => {
  const connection = await lab.connect()
  connection.send(0, 'connection.update-secret', { newSecret: Buffer.from('guest'), reason: 'it expires' })
  return lab.outcome(connection.control('connection.update-secret-ok'))
})
