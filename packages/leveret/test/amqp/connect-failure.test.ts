import { describe, expect, test } from 'vitest'
import { combineFailures, connectFailure, handshakeFailure, wasDropped } from '../../src/amqp/connect-failure.js'
import { parseEndpoint } from '../../src/amqp/endpoint.js'
import { BrokerError } from '../../src/errors/broker-error.js'
import { ConnectionError } from '../../src/errors/connection-error.js'

const endpoint = parseEndpoint('amqp://ann:s3cret@h/shop')

test('addresses that were all refused are named in one sentence', () => {
  const refused = ['::1:5672', '127.0.0.1:5672'].map((at) =>
    Object.assign(new Error(`connect ECONNREFUSED ${at}`), { code: 'ECONNREFUSED' }),
  )
  const failure = connectFailure(new AggregateError(refused), endpoint)
  expect(failure).toMatchObject({ reason: 'unreachable', retryable: true })
  expect(failure.message).toBe(
    'Cannot connect to amqp://ann@h:5672/shop: connect ECONNREFUSED ::1:5672, connect ECONNREFUSED 127.0.0.1:5672',
  )
})

describe("the broker's words in the handshake", () => {
  test.each([
    [403, 'ACCESS_REFUSED - Login was refused', 'login-refused', false],
    [530, 'NOT_ALLOWED - vhost shop not found', 'vhost-not-found', false],
    [530, "NOT_ALLOWED - access to vhost 'shop' refused for user 'ann'", 'vhost-refused', false],
    [
      530,
      "NOT_ALLOWED - access to vhost 'shop' refused for user 'ann': connection limit (1) is reached",
      'limit',
      true,
    ],
    [541, "INTERNAL_ERROR - access to vhost 'shop' refused for user 'ann': vhost 'shop' is down", 'unreachable', true],
    [320, 'CONNECTION_FORCED - broker shut down', 'unreachable', true],
  ])('%i %s means %s', (code, text, reason, retryable) => {
    expect(handshakeFailure({ code, text }, endpoint)).toMatchObject({ reason, retryable })
  })
})

test('of several hosts, the reason that waiting cannot cure wins', () => {
  const failures = [new ConnectionError('unreachable', 'one'), new ConnectionError('tls', 'two')]
  expect(combineFailures(failures)).toMatchObject({ reason: 'tls', retryable: false, message: 'one; two' })
})

test('a failure of a credentials provider does not count as a refused connection', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  expect(wasDropped(connectFailure(refused, endpoint))).toBe(true)
  expect(wasDropped(new ConnectionError('credentials', 'the vault is away', { cause: refused }))).toBe(false)
})

test('a dropped link does not count as a refusal, a link that the broker closed does', () => {
  expect(wasDropped(new ConnectionError('lost', 'Unexpected close'))).toBe(true)
  const reply = { replyCode: 530, replyName: 'NOT_ALLOWED', replyText: 'number of channels opened (5) has reached 5' }
  expect(wasDropped(new BrokerError('it closed the connection', reply))).toBe(false)
  expect(wasDropped(handshakeFailure({ code: 530, text: 'connection limit (1) is reached' }, endpoint))).toBe(false)
})

test.each(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'])(
  'after %s no broker has seen the try',
  (code) => {
    const failure = connectFailure(Object.assign(new Error(code), { code }), endpoint)
    expect(failure).toMatchObject({ reason: 'unreachable', retryable: true })
    expect(wasDropped(failure)).toBe(true)
  },
)

test.each(['ETIMEDOUT', 'EPROTO', 'EACCES'])('after %s a broker may have seen the try', (code) => {
  expect(wasDropped(connectFailure(Object.assign(new Error(code), { code }), endpoint))).toBe(false)
})
