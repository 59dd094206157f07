import { describe, expect, test } from 'vitest'
import { fingerprintOf, ReturnMemory } from '../../../src/consuming/delivery/return-memory.js'
import type { Headers, ReceivedMessage } from '../../../src/message/message.js'
import { newMessageId } from '../../../src/message/message-id.js'

interface Given {
  readonly messageId?: string
  readonly headers?: Headers
  readonly content?: string
  readonly redelivered?: boolean
  readonly timestamp?: number
}

function received({ messageId, headers, content = '{}', redelivered = true, timestamp = 1 }: Given): ReceivedMessage {
  return {
    content: Buffer.from(content),
    properties: { ...(messageId === undefined ? {} : { messageId }), headers, timestamp },
    fields: { deliveryTag: 1, redelivered, exchange: '', routingKey: 'tasks' },
  }
}

const MINUTE = 60_000

describe('returns', () => {
  test('only deliveries that this process returned are innocent', () => {
    const memory = new ReturnMemory()
    const message = received({ messageId: 'a' })
    memory.noteReturn(message)
    memory.noteReturn(message)
    expect(memory.innocentReturnsOf(message, 0)).toBe(2)
    expect(memory.innocentReturnsOf(received({ messageId: 'b' }), 0)).toBe(0)
    expect(memory.innocentReturnsOf(received({}), 0)).toBe(0)
  })

  test('are those of one attempt: a copy is another message', () => {
    const memory = new ReturnMemory()
    memory.noteReturn(received({ messageId: 'a' }))
    expect(memory.innocentReturnsOf(received({ messageId: 'a', headers: { 'leveret-attempt': 2 } }), 0)).toBe(0)
  })

  test('at the time of a lost channel are innocent for ten minutes', () => {
    const memory = new ReturnMemory()
    memory.noteLoss(0)
    memory.noteLoss(MINUTE)
    const foreign = received({ messageId: 'a' })
    expect(memory.innocentReturnsOf(foreign, 9 * MINUTE)).toBe(2)
    expect(memory.innocentReturnsOf(foreign, 10 * MINUTE)).toBe(1)
    expect(memory.innocentReturnsOf(foreign, 11 * MINUTE)).toBe(0)
  })

  test('are remembered of ten thousand messages, the oldest forgotten first', () => {
    const memory = new ReturnMemory()
    for (let n = 0; n <= 10_000; n += 1) memory.noteReturn(received({ messageId: `m${n}` }))
    expect(memory.innocentReturnsOf(received({ messageId: 'm0' }), 0)).toBe(0)
    expect(memory.innocentReturnsOf(received({ messageId: 'm10000' }), 0)).toBe(1)
  })
})

describe('what is done', () => {
  const messageId = newMessageId()

  function remembered(): ReturnMemory {
    const memory = new ReturnMemory()
    const fingerprint = fingerprintOf(received({ messageId }))
    if (fingerprint !== undefined) memory.noteDone(fingerprint)
    return memory
  }

  test('is known once, when the same message comes back', () => {
    const memory = remembered()
    expect(memory.takeDone(received({ messageId }))).toBe(true)
    expect(memory.takeDone(received({ messageId }))).toBe(false)
  })

  test.for<[string, Given]>([
    ['that comes for the first time', { messageId, redelivered: false }],
    ['of another id', { messageId: newMessageId() }],
    ['of another content', { messageId, content: '[]' }],
    ['of another time', { messageId, timestamp: 2 }],
    ['of another attempt', { messageId, headers: { 'leveret-attempt': 2 } }],
    ['that was replayed', { messageId, headers: { 'leveret-replays': 1 } }],
    ['that was a dead letter', { messageId, headers: { 'leveret-dead-lettered-at': '2026-01-01T00:00:00.000Z' } }],
  ])('is no message %s', ([, given]) => {
    expect(remembered().takeDone(received(given))).toBe(false)
  })

  test('is never known of an id that leveret did not make', () => {
    expect(fingerprintOf(received({ messageId: 'order-7' }))).toBe(undefined)
    expect(fingerprintOf(received({}))).toBe(undefined)
  })
})
