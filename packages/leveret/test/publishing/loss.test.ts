import { describe, expect, test } from 'vitest'
import type { OutgoingMessage } from '../../src/connection/message.js'
import { BrokerError, ConnectionError } from '../../src/errors.js'
import { isCulprit, isSuspect, readLoss } from '../../src/publishing/loss.js'

const closed = (replyCode: number, replyText: string, retryable?: boolean): BrokerError =>
  new BrokerError('Closed', { replyCode, replyName: 'SOME', replyText }, retryable === undefined ? {} : { retryable })

const to = (exchange: string, routingKey = 'k'): OutgoingMessage =>
  ({
    exchange,
    routingKey,
    content: Buffer.alloc(0),
    properties: { messageId: 'm' },
    mandatory: true,
  }) as OutgoingMessage

const FIRST = { alone: true, suspected: false }
const AGAIN = { alone: true, suspected: true }

describe('nobody is guilty', () => {
  test.each([
    ['of a lost connection', new ConnectionError('lost', 'gone')],
    ['when the default exchange is missing, which nobody can delete', closed(404, "no exchange '' in vhost '/'")],
    ['when it is called by its other name', closed(404, "no exchange 'amq.default' in vhost '/'")],
    ['of a missing exchange that is there again soon', closed(404, "no exchange 'x' in vhost '/'", true)],
    [
      'of a missing right that is there again soon',
      closed(403, "access to exchange 'x' in vhost '/' refused for user 'u'", true),
    ],
  ])('%s', (_why, reason) => {
    expect(readLoss(reason)).toEqual({ kind: 'innocent' })
  })
})

test('a missing exchange fails what was meant for it at once', () => {
  const loss = readLoss(closed(404, "no exchange 'x' in vhost '/'"))
  expect(isCulprit(loss, to('x'), FIRST)).toBe(true)
  expect(isCulprit(loss, to('y'), AGAIN)).toBe(false)
})

test('a missing right fails what was meant for its exchange the second time, because it may have been missing for a moment', () => {
  const loss = readLoss(closed(403, "write access to exchange 'amq.default' in vhost '/' refused for user 'u'"))
  expect(isCulprit(loss, to(''), FIRST)).toBe(false)
  expect(isSuspect(loss, to(''))).toBe(true)
  expect(isCulprit(loss, to(''), AGAIN)).toBe(true)
  expect(isSuspect(loss, to('x'))).toBe(false)
})

test('a missing right to a topic is about its routing key, and nobody else is guilty', () => {
  const loss = readLoss(closed(403, "write access to topic 'a.b' in exchange 'x' in vhost '/' refused for user 'u'"))
  expect(isCulprit(loss, to('x', 'a.b'), AGAIN)).toBe(true)
  expect(isCulprit(loss, to('x', 'a.c'), AGAIN)).toBe(false)
  expect(isSuspect(loss, to('x', 'a.c'))).toBe(false)
})
