import { expect, test } from 'vitest'
import { originReaderOf, readFailedDeliveries } from '../../../src/headers/attempt-headers.js'
import type { Headers, ReceivedMessage } from '../../../src/message/message.js'

const native = { native: { minMs: 1, maxMs: 1, attempts: 3 } }

function deliveryOf(redelivered: boolean, headers?: Headers): ReceivedMessage {
  const fields = { deliveryTag: 1, redelivered, exchange: 'shop', routingKey: 'order.created' }
  return { content: Buffer.alloc(0), fields, properties: { headers } }
}

test.each([
  ['it comes for the first time', deliveryOf(false), 1],
  ['it came from a queue where it was counted', deliveryOf(false, { 'x-delivery-count': 20 }), 1],
  ['it failed once', deliveryOf(true, { 'x-delivery-count': 1, 'x-acquired-count': 1 }), 2],
  ['it failed once and was given back twice', deliveryOf(true, { 'x-delivery-count': 1, 'x-acquired-count': 3 }), 2],
  ['it was only given back', deliveryOf(true, { 'x-acquired-count': 1 }), 1],
  ['it was given back, and counted elsewhere', deliveryOf(true, { 'x-delivery-count': 20, 'x-acquired-count': 1 }), 1],
  ['a broker that does not count what is taken counts it', deliveryOf(true, { 'x-delivery-count': 2 }), 3],
  ['the count is no count', deliveryOf(true, { 'x-delivery-count': -1.5, 'x-acquired-count': 1 }), 1],
  ['its count has no bounds', deliveryOf(true, { 'x-delivery-count': 1_000_000 }), 1_000_000],
  ['our own header says otherwise', deliveryOf(false, { 'leveret-attempt': 7 }), 1],
])('with native retry, when %s, the attempt is the count of RabbitMQ and one', (_what, delivery, attempt) => {
  expect(originReaderOf(native)(delivery)).toEqual({ attempt, exchange: 'shop', routingKey: 'order.created' })
})

test("otherwise RabbitMQ's count says nothing of the attempt", () => {
  const delivery = deliveryOf(true, { 'x-delivery-count': 2, 'x-acquired-count': 2 })
  expect(originReaderOf({ delaysMs: [1] })(delivery)).toMatchObject({ attempt: 1 })
  expect(originReaderOf(false)(delivery)).toMatchObject({ attempt: 1 })
})

test('a queue that counts nothing is found when something comes back', () => {
  expect(readFailedDeliveries(deliveryOf(false))).toBe(0)
  expect(readFailedDeliveries(deliveryOf(true))).toBeUndefined()
})
