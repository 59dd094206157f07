import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { workQueue } from '../../src/contract/queues/work-queue.js'
import { readDeadLetter } from '../../src/dead-letters/dead-letter.js'
import { letterCopy, renewedCopy, replayCopy } from '../../src/dead-letters/letter-copies.js'
import { letterSource } from '../../src/dead-letters/letter-source.js'
import { PayloadError } from '../../src/errors/payload-error.js'
import { readOrigin } from '../../src/headers/attempt-headers.js'
import { deadLetterCopy } from '../../src/headers/copies.js'
import type { Headers, MessageProperties, ReceivedMessage } from '../../src/message/message.js'

const source = letterSource(workQueue('tasks', { payload: z.object({ n: z.int() }) }))

const ours = {
  'leveret-attempt': 3,
  'leveret-exchange': 'shop',
  'leveret-routing-key': 'order.created',
  'leveret-queue': 'tasks',
  'leveret-reason': 'attempts-exhausted',
  'leveret-error-name': 'Error',
  'leveret-error-message': 'no',
  'leveret-dead-lettered-at': '2026-01-02T03:04:05.006Z',
}
/** As RabbitMQ writes it. */
const death = {
  count: 1,
  reason: 'delivery_limit',
  queue: 'tasks',
  time: { '!': 'timestamp', value: 1_767_323_045 },
  exchange: 'shop',
  'routing-keys': ['order.created', 'cc'],
}

test('a dead letter of leveret has every field that was kept', () => {
  const letter = read({ tenant: 't1', ...ours, 'leveret-replays': 2, 'leveret-error-stack': 'Error: no\n    at x' })
  expect(letter).toMatchObject({
    messageId: 'm1',
    reason: 'attempts-exhausted',
    error: { name: 'Error', message: 'no', stack: 'Error: no\n    at x' },
    attempts: 3,
    replays: 2,
    deadLetteredAt: new Date('2026-01-02T03:04:05.006Z'),
    queue: 'tasks',
    exchange: 'shop',
    routingKey: 'order.created',
    timestamp: new Date(1_700_000_000_000),
    contentType: 'application/json',
    deliveryCount: undefined,
  })
  expect(Object.getPrototypeOf(letter.headers)).toBeNull()
  expect(letter.headers).toMatchObject({ tenant: 't1' })
})

describe("a dead letter of RabbitMQ's", () => {
  test.each([
    ['delivery_limit', 'delivery-limit'],
    ['expired', 'expired'],
    ['maxlen', 'max-length'],
    ['rejected', 'rejected'],
    ['something new', 'unknown'],
  ])('is read alike: %s', (said, reason) => {
    expect(read({ 'x-death': [{ ...death, reason: said }], 'x-delivery-count': 21 })).toMatchObject({
      reason,
      error: undefined,
      attempts: 0,
      queue: 'tasks',
      exchange: 'shop',
      routingKey: 'order.created',
      deadLetteredAt: new Date(1_767_323_045_000),
      deliveryCount: 21,
    })
  })

  test('that died on its way to a later attempt knows its attempts and where it came from', () => {
    const retried = { 'leveret-attempt': 3, 'leveret-exchange': 'shop', 'leveret-routing-key': 'first' }
    const deaths = [
      { ...death, exchange: '', 'routing-keys': ['tasks'] },
      { ...death, reason: 'expired', queue: 'tasks.retry.10' },
    ]
    expect(read({ ...retried, 'x-death': deaths })).toMatchObject({
      reason: 'delivery-limit',
      attempts: 2,
      exchange: 'shop',
      routingKey: 'first',
      queue: 'tasks',
    })
  })
})

describe('forged headers never throw, and count for nothing', () => {
  test.each<[string, Headers]>([
    ['a text for deaths', { 'x-death': 'boom', 'x-first-death-reason': 'expired' }],
    ['a death that is nothing', { 'x-death': [null] }],
    ['a death that is a list', { 'x-death': [[death]] }],
    ['no death at all', { 'x-death': [] }],
    ['a death without a queue', { 'x-death': [{ ...death, queue: 7 }] }],
    ['a death with an endless queue', { 'x-death': [{ ...death, queue: 'q'.repeat(256) }] }],
    ['a death without a key', { 'x-death': [{ ...death, 'routing-keys': [] }] }],
    ['invalid keys', { 'x-death': [{ ...death, 'routing-keys': 'k' }] }],
    ['a huge count', { 'x-delivery-count': Number.MAX_VALUE }],
    ['a count that is a text', { 'x-delivery-count': '3' }],
    ['a wrong attempt', { ...ours, 'leveret-attempt': 'three' }],
    ['a huge attempt', { ...ours, 'leveret-attempt': 2 ** 53 }],
    ['half an attempt', { ...ours, 'leveret-attempt': 1.5 }],
    ['an unknown reason', { ...ours, 'leveret-reason': 'toString' }],
    ['an invalid time', { ...ours, 'leveret-dead-lettered-at': 'yesterday' }],
    ['an error that is a table', { ...ours, 'leveret-error-message': { a: 1 } }],
    ['replays below zero', { ...ours, 'leveret-replays': -1 }],
    ['a missing queue', { ...ours, 'leveret-queue': undefined }],
    ['a name of the prototype', { ...ours, 'leveret-reason': '__proto__', __proto__: { 'leveret-reason': 'expired' } }],
  ])('%s', (_name, headers) => {
    const letter = read(headers)
    expect(letter).toMatchObject({ reason: 'unknown', error: undefined, attempts: 0, replays: 0, queue: undefined })
    expect(letter).toMatchObject({ exchange: '', routingKey: 'tasks.dead-letter', deliveryCount: undefined })
  })

  test.each([[{ value: 2 ** 60 }], [{ '!': 'timestamp', value: 'x' }], ['now'], [null]])(
    'a time of death: %j',
    (time) => {
      expect(read({ 'x-death': [{ ...death, time }] })).toMatchObject({
        reason: 'delivery-limit',
        deadLetteredAt: undefined,
      })
    },
  )

  test('a timestamp beyond all time', () => {
    expect(read({}, { timestamp: 2 ** 53 }).timestamp).toBeUndefined()
  })

  test("one wrong header of ours, and RabbitMQ's own word counts", () => {
    expect(read({ ...ours, 'leveret-attempt': null, 'x-death': [death] })).toMatchObject({
      reason: 'delivery-limit',
      attempts: 0,
      exchange: 'shop',
    })
  })

  test('what was forged on a task does not hide why it was given up', () => {
    const message = messageOf({ 'leveret-replays': 'many', 'leveret-queue': 7, 'leveret-error-stack': 'forged' })
    const note = {
      queue: 'tasks',
      reason: 'rejected',
      failure: { name: 'Reject', message: 'no' },
      at: new Date(0),
    } as const
    const settings = { queue: 'tasks.dead-letter', stack: false }
    const { properties } = deadLetterCopy(message, readOrigin(message), settings, note)
    expect(read(properties.headers ?? {})).toMatchObject({
      reason: 'rejected',
      error: { name: 'Reject', message: 'no' },
      queue: 'tasks',
    })
    expect(properties.headers).not.toHaveProperty('leveret-error-stack')
  })
})

describe('the payload', () => {
  test('is decoded and checked', async () => {
    const payload = await read(ours).payload()
    expect(payload).toEqual({ n: 1 })
  })

  test('may not fit, which a rejection says', async () => {
    await expect(read(ours, {}, '{"n":"x"}').payload()).rejects.toThrow(PayloadError)
    await expect(read(ours, {}, '\xff').payload()).rejects.toThrow(PayloadError)
    await expect(read(ours, { contentType: 'text/html' }).payload()).rejects.toThrow(PayloadError)
  })
})

test('a replayed letter is a first attempt that knows where it came from and how often it was replayed', () => {
  const message = messageOf({ tenant: 't1', ...ours, 'leveret-replays': 1, 'leveret-original-expiration': '5' })
  const copy = replayCopy(message, readDeadLetter(message, source), 'tasks')
  expect(copy).toMatchObject({ exchange: '', routingKey: 'tasks', mandatory: true, content: message.content })
  expect(copy.properties).toEqual({
    messageId: 'm1',
    contentType: 'application/json',
    timestamp: 1_700_000_000,
    headers: {
      tenant: 't1',
      'leveret-replays': 2,
      'leveret-exchange': 'shop',
      'leveret-routing-key': 'order.created',
    },
  })
  const delivered = messageOf(copy.properties.headers ?? {})
  expect(readOrigin(delivered)).toEqual({ attempt: 1, exchange: 'shop', routingKey: 'order.created' })
})

test("a moved letter reads the same, from leveret's headers and from x-death", () => {
  const unheard = { 'x-death': [{ ...death, reason: 'something new' }] }
  const deaths = [{ 'x-death': [death], CC: ['elsewhere'] }, unheard]
  for (const headers of [ours, { ...ours, 'leveret-error-stack': 's' }, ...deaths]) {
    const message = messageOf(headers)
    const letter = readDeadLetter(message, source)
    const moved = letterCopy(message, letter, 'parked').properties.headers ?? {}
    const { headers: _before, payload: _read, ...told } = letter
    expect(read(moved)).toMatchObject(told)
    expect(Object.keys(moved).filter((name) => !name.startsWith('leveret-'))).toEqual([])
  }
})

test.each([[undefined], [0], [9]])(
  'a letter that is put behind others waits for its turn, and has its priority %s again',
  (priority) => {
    const message = messageOf(ours, priority === undefined ? {} : { priority })
    const renewed = renewedCopy(message, readDeadLetter(message, source), 'tasks.dead-letter').properties
    expect(renewed.priority).toBe(0)
    const again = messageOf(renewed.headers ?? {}, { priority: 0 })
    const letter = readDeadLetter(again, source)
    const twice = renewedCopy(again, letter, 'tasks.dead-letter')
    expect(twice.properties.headers).toEqual(renewed.headers)
    for (const copy of [replayCopy(again, letter, 'tasks'), letterCopy(again, letter, 'parked')]) {
      expect(copy.properties.priority).toBe(priority)
      expect(copy.properties.headers).not.toHaveProperty('leveret-original-priority')
    }
  },
)

test("another queue's letter is not decoded, also when it fits", async () => {
  const other = read({ ...ours, 'leveret-queue': 'others' })
  await expect(other.payload()).rejects.toThrow("it died in the queue 'others'")
  expect(await read({}).payload()).toEqual({ n: 1 })
})

function read(headers: Headers, properties: MessageProperties = {}, content = '{"n":1}') {
  return readDeadLetter(messageOf(headers, properties, content), source)
}

function messageOf(headers: Headers, properties: MessageProperties = {}, content = '{"n":1}'): ReceivedMessage {
  return {
    content: Buffer.from(content, 'latin1'),
    fields: { deliveryTag: 1, redelivered: false, exchange: '', routingKey: 'tasks.dead-letter' },
    properties: {
      messageId: 'm1',
      contentType: 'application/json',
      timestamp: 1_700_000_000,
      ...properties,
      headers,
    },
  }
}
