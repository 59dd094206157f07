import { expect, test } from 'vitest'
import { BrokerError } from '../../src/errors/broker-error.js'
import { ConnectionError } from '../../src/errors/connection-error.js'
import type { OutgoingMessage } from '../../src/message/message.js'
import { isCulprit, readLoss } from '../../src/publishing/engine/loss.js'

const to = (exchange: string, routingKey: string): OutgoingMessage => ({
  exchange,
  routingKey,
  content: Buffer.alloc(0),
  properties: { messageId: 'm' },
  mandatory: true,
})

const broker = (replyCode: number, replyText: string): BrokerError =>
  new BrokerError('x', { replyCode, replyName: 'X', replyText })

const long = 'z'.repeat(250)
const crafted = "k' in exchange 'shop' in vhost '/"
const inFlight = [
  to('shop', 'k'),
  to('', 'k'),
  to('shop', 'j'),
  to('shop', crafted),
  to("shop' in vhost '/", 'k'),
  to('shop', `${long}1`),
  to('shop', `${long}2`),
  to(`a${long}`, 'k'),
  to('shop', 'ü'.repeat(120)),
  to('x', "a' in exchange 'y"),
  to("y' in exchange 'x", 'a'),
]

test.each([
  [new ConnectionError('lost', 'x'), { kind: 'innocent' }],
  [broker(320, 'broker forced connection closure'), { kind: 'innocent' }],
  [broker(404, "no exchange '' in vhost '/'"), { kind: 'innocent' }],
  [broker(404, "no exchange 'amq.default' in vhost '/'"), { kind: 'innocent' }],
  [broker(406, 'invalid expiration'), { kind: 'suspect', sure: true }],
  [broker(541, 'node is down'), { kind: 'suspect', sure: false }],
  [broker(501, 'frame too large'), { kind: 'suspect', sure: true }],
  [broker(404, "no exchange 'shop' in vhost '/'"), { kind: 'named', exchange: 'shop' }],
  [broker(404, "no exchange 'shop' in vhost '/' in vhost '/'"), { kind: 'named', exchange: "shop' in vhost '/" }],
  [broker(404, "no exchange 'another' in vhost '/'"), { kind: 'suspect', sure: true }],
  [broker(404, "no queue 'shop' in vhost '/'"), { kind: 'suspect', sure: true }],
  [broker(403, "access to exchange 'shop' in vhost '/' refused for user 'ann'"), { kind: 'named', exchange: 'shop' }],
  [broker(403, "write access to exchange 'amq.default' in vhost '/' refused"), { kind: 'named', exchange: '' }],
  [broker(403, "cannot publish to internal exchange 'shop' in vhost '/'"), { kind: 'named', exchange: 'shop' }],
  [broker(403, `write access to exchange 'a${long.slice(0, 200)}...`), { kind: 'named', exchange: `a${long}` }],
  [
    broker(403, "access to topic 'k' in exchange 'shop' in vhost '/' refused for user 'ann'"),
    { kind: 'named', exchange: 'shop', routingKey: 'k' },
  ],
  [
    broker(403, `write access to topic '${crafted}' in exchange 'shop' in vhost '/' refused for user 'ann'`),
    { kind: 'named', exchange: 'shop', routingKey: crafted },
  ],
  [
    broker(403, `access to topic '${'ü'.repeat(99)}\ufffd...`),
    { kind: 'named', exchange: 'shop', routingKey: 'ü'.repeat(120) },
  ],
  [broker(403, `access to topic '${long.slice(0, 220)}...`), { kind: 'suspect', sure: true }],
  [broker(403, "access to topic 'a' in exchange 'y' in exchange 'x' in vhost '/'"), { kind: 'suspect', sure: true }],
])('the loss of a channel, %s, is read', (reason, loss) => {
  expect(readLoss(reason, inFlight)).toEqual(loss)
})

test('what was meant for a missing exchange or a denied routing key has brought the loss about, and nothing else', () => {
  const circumstances = { alone: false, suspected: false }
  const [mine, other] = [to('shop', 'k'), to('shop', 'j')]
  const missing = readLoss(broker(404, "no exchange 'shop' in vhost '/'"), [mine, other])
  expect([mine, other].map((message) => isCulprit(missing, message, circumstances))).toEqual([true, true])
  const denied = readLoss(broker(403, "write access to topic 'k' in exchange 'shop' in vhost '/' refused"), [
    mine,
    other,
  ])
  expect([mine, other].map((message) => isCulprit(denied, message, circumstances))).toEqual([true, false])
})
