import { encodeContentHeader, encodeProperties, FieldTable, FRAME } from '@leveret/memory-broker/wire'
import { CaseList } from '../conformance-case.js'
import type { Lab } from '../lab.js'
import type { RawChannel } from '../raw-channel.js'

const list = new CaseList('connections, channels and the protocol')
/** Cases about connections and channels. */
export const protocol = list.cases

/** Returns a case's run: what the client sends on a channel, and the reply with which the broker closes the channel. */
function closedOver(act: (channel: RawChannel) => void): (lab: Lab) => Promise<string> {
  return async (lab) => {
    const channel = await lab.channel()
    act(channel)
    return lab.plain(await channel.untilClosed())
  }
}

list.same(
  'refuses a wrong password',
  'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.',
  async (lab) => lab.outcome(lab.connect({ password: 'wrong' })),
)
list.same('says nothing of a wrong password to a client that cannot read it', 'the connection is gone', async (lab) =>
  lab.outcome(lab.connect({ password: 'wrong', capabilities: { authentication_failure_close: false } })),
)
list.same('takes no smaller frames than its version does', 'the connection is gone', async (lab) =>
  lab.outcome(lab.connect({ frameMax: 4000 })),
)
list.same('expects a channel to be opened', "CHANNEL_ERROR - expected 'channel.open'", async (lab) => {
  const connection = await lab.connect()
  connection.send(1, 'basic.qos', {})
  return connection.untilClosed()
})
list.same('opens no channel twice', "CHANNEL_ERROR - second 'channel.open' seen", async (lab) => {
  const connection = await lab.connect()
  await connection.channel(1)
  connection.send(1, 'channel.open', {})
  return connection.untilClosed()
})
list.same('opens a channel again that was closed', 'ok', async (lab) => {
  const connection = await lab.connect()
  await (await connection.channel(1)).close()
  return lab.outcome(connection.channel(1))
})
list.same(
  'goes on with other channels when one is closed',
  ["NOT_FOUND - no queue 'nope' in vhost '<vhost>'", 'ok'],
  async (lab) => {
    const [one, two] = [await lab.channel(), await lab.channel()]
    const refused = await lab.outcome(lab.declare(one, 'nope', {}, { passive: true }))
    return [refused, await lab.outcome(lab.declare(two, 'q'))]
  },
)
list.same(
  'opens no more channels than were agreed on',
  'NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)',
  async (lab) => {
    const connection = await lab.connect({ channelMax: 2 })
    await connection.channel()
    await connection.channel()
    return lab.outcome(connection.channel())
  },
)
list.same(
  'lets a client say that it goes on, and not that it pauses',
  ['ok', 'NOT_IMPLEMENTED - active=false'],
  async (lab) => {
    const channel = await lab.channel()
    const active = await lab.outcome(channel.call('channel.flow', { active: true }))
    return [active, await lab.outcome(channel.call('channel.flow', { active: false }))]
  },
)
list.same(
  'knows no immediate messages',
  'NOT_IMPLEMENTED - immediate=true',
  closedOver((channel) => channel.publish({ immediate: true }, '')),
)
list.same(
  'takes no message in the name of another user',
  "PRECONDITION_FAILED - user_id property set to 'foo' but authenticated user was 'guest'",
  closedOver((channel) => channel.publish({}, '', { userId: 'foo' })),
)
list.same(
  'expects the content of a message after its method',
  'UNEXPECTED_FRAME - expected content header for class 60, got non content header frame instead',
  closedOver((channel) => {
    channel.send('basic.publish', {})
    channel.send('basic.qos', {})
  }),
)
list.same(
  'expects a method before content',
  'UNEXPECTED_FRAME - expected method frame, got non method frame instead',
  closedOver((channel) => channel.raw(FRAME.header, encodeContentHeader(0, encodeProperties({})))),
)
list.same(
  'carries every property and every type of header as it came',
  {
    contentType: 'a',
    contentEncoding: 'b',
    deliveryMode: 2,
    priority: 3,
    correlationId: 'c',
    replyTo: 'd',
    messageId: 'e',
    timestamp: 1_000,
    type: 'f',
    userId: 'guest',
    appId: 'g',
    headers: { a: 1, b: 'x', c: true, d: null, e: [1, 'y'], f: { g: 2 ** 40 }, h: { timestamp: 5 }, i: 1.5 },
  },
  async (lab) => {
    await lab.declare(await lab.channel(), 'q')
    const headers = { a: 1, b: 'x', c: true, d: null, e: [1, 'y'], f: { g: 2 ** 40 }, h: { timestamp: 5 }, i: 1.5 }
    const sent = {
      contentType: 'a',
      contentEncoding: 'b',
      priority: 3,
      correlationId: 'c',
      replyTo: 'd',
      messageId: 'e',
      timestamp: 1_000,
      type: 'f',
      userId: 'guest',
      appId: 'g',
    }
    await lab.publish('', 'q', 'body', { ...sent, headers: FieldTable.of(headers) })
    const [message] = await lab.drain('q', 1)
    return { ...message?.properties, headers: message?.headers }
  },
)
list.same('carries a message of several frames', 300_000, async (lab) => {
  await lab.declare(await lab.channel(), 'q')
  await lab.publish('', 'q', 'x'.repeat(300_000))
  const [message] = await lab.drain('q', 1)
  return message?.body.length
})
list.same('allows for the bytes around what a frame holds, and for no more', ['ok', 'FRAME_ERROR'], async (lab) => {
  const fill = async (more: number): Promise<string> => {
    const connection = await lab.connect({ frameMax: 8192 })
    const channel = await connection.channel()
    channel.send('basic.publish', { routingKey: 'nowhere' })
    channel.raw(FRAME.header, encodeContentHeader(8192 + more, encodeProperties({})))
    channel.raw(FRAME.body, Buffer.alloc(8192 + more))
    const outcome = await lab.outcome(channel.call('basic.qos', {}))
    return outcome.split(' ')[0] ?? ''
  }
  return [await fill(0), await fill(1)]
})
