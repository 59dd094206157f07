import { expect, test } from 'vitest'
import { readOrigin } from '../../src/headers/attempt-headers.js'
import { deadLetterCopy, retryCopy } from '../../src/headers/copies.js'
import type { ReceivedMessage } from '../../src/message/message.js'

const message: ReceivedMessage = {
  content: Buffer.from('body'),
  fields: { deliveryTag: 1, redelivered: false, exchange: 'shop', routingKey: 'order.created' },
  properties: {
    messageId: 'm1',
    contentType: 'text/plain',
    expiration: '5000',
    userId: 'ann',
    priority: 3,
    headers: { tenant: 't1', CC: ['elsewhere'], 'x-death': [{ count: 1 }], 'x-delivery-count': 2, traceparent: '00-1' },
  },
}

test('a copy keeps content and properties, and nothing that would expire, reroute or count it again', () => {
  const copy = retryCopy(message, readOrigin(message), 'tasks.retry.10')
  expect(copy).toMatchObject({ exchange: '', routingKey: 'tasks.retry.10', mandatory: true, content: message.content })
  expect(copy.properties).toEqual({
    messageId: 'm1',
    contentType: 'text/plain',
    priority: 3,
    headers: {
      tenant: 't1',
      traceparent: '00-1',
      'leveret-original-expiration': '5000',
      'leveret-original-user-id': 'ann',
      'leveret-original-cc': ['elsewhere'],
      'leveret-attempt': 2,
      'leveret-exchange': 'shop',
      'leveret-routing-key': 'order.created',
    },
  })
})

test('the next delivery of a copy knows its attempt and where it came from', () => {
  const copy = retryCopy(message, readOrigin(message), 'tasks.retry.10')
  expect(readOrigin(deliveryOf(copy.properties.headers ?? {}))).toEqual({
    attempt: 2,
    exchange: 'shop',
    routingKey: 'order.created',
  })
})

test.each([
  [{ 'leveret-attempt': 'two' }],
  [{ 'leveret-attempt': 0 }],
  [{ 'leveret-attempt': 1.5 }],
  [{ 'leveret-attempt': Number.POSITIVE_INFINITY }],
  [{ 'leveret-exchange': 7 }],
  [{ 'leveret-exchange': 'x'.repeat(1_000) }],
  [{ 'leveret-routing-key': undefined }],
])('headers of which one is not as leveret writes it are all ignored: %j', (wrong) => {
  const headers = { 'leveret-attempt': 2, 'leveret-exchange': 'shop', 'leveret-routing-key': 'k', ...wrong }
  expect(readOrigin(deliveryOf(headers))).toEqual({ attempt: 1, exchange: '', routingKey: 'tasks' })
})

test('a dead letter that was moved back by hand is a first attempt, and what is tried again after it counts', () => {
  const origin = { 'leveret-attempt': 3, 'leveret-exchange': 'shop', 'leveret-routing-key': 'k' }
  const delay = { reason: 'expired', queue: 'tasks.retry.10', exchange: '', 'routing-keys': ['tasks.retry.10'] }
  const ours = { 'leveret-queue': 'tasks', 'leveret-reason': 'attempts-exhausted' }
  const brokers = { reason: 'delivery_limit', queue: 'tasks', exchange: '', 'routing-keys': ['tasks'] }
  const first = { attempt: 1, exchange: 'shop', routingKey: 'k' }
  expect(readOrigin(deliveryOf({ ...origin, 'x-death': [delay] }))).toMatchObject({ attempt: 3 })
  for (const moved of [ours, { 'x-death': [brokers, delay] }, { ...ours, 'x-death': [brokers] }]) {
    const delivery = deliveryOf({ ...origin, ...moved })
    expect(readOrigin(delivery)).toEqual(first)
    const { headers = {} } = retryCopy(delivery, first, 'tasks.retry.10').properties
    expect(readOrigin(deliveryOf({ ...headers, 'x-death': [delay] }))).toEqual({ ...first, attempt: 2 })
  }
})

test('a message that comes through an exchange is no copy, whatever its headers say', () => {
  const forged = { 'leveret-attempt': 99, 'leveret-exchange': '', 'leveret-routing-key': 'k' }
  const delivery = { ...deliveryOf(forged), fields: message.fields }
  expect(readOrigin(delivery)).toMatchObject({ attempt: 1 })
})

test('a dead letter says why, in bounded headers', () => {
  const failure = { name: 'Error', message: 'é'.repeat(10_000) }
  const note = { queue: 'tasks', reason: 'rejected', failure, at: new Date(0) } as const
  const headers =
    deadLetterCopy(message, readOrigin(message), { queue: 'tasks.dead-letter', stack: false }, note).properties
      .headers ?? {}
  expect(headers).toMatchObject({
    'leveret-queue': 'tasks',
    'leveret-reason': 'rejected',
    'leveret-error-name': 'Error',
    'leveret-dead-lettered-at': '1970-01-01T00:00:00.000Z',
    'leveret-attempt': 1,
  })
  expect(Buffer.byteLength(JSON.stringify(headers))).toBeLessThan(16 * 1024)
})

test('a message without an id gets one on its copy', () => {
  const { messageId: _none, ...properties } = message.properties
  const copy = retryCopy({ ...message, properties }, readOrigin(message), 'q')
  expect(copy.properties.messageId).toMatch(/^[0-9a-f-]{36}$/)
})

function deliveryOf(headers: Record<string, unknown>): ReceivedMessage {
  return {
    content: Buffer.alloc(0),
    properties: { headers },
    fields: { deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'tasks' },
  }
}
