import { expect, test } from 'vitest'
import { orderOf, orderSchema } from '../src/work/order.js'

test.for([64, 200, 4_096, 65_536])('an order of %i bytes has as many as JSON, and is valid', (bytes) => {
  const order = orderOf(bytes)
  expect(orderSchema.parse(order)).toEqual(order)
  expect(Buffer.byteLength(JSON.stringify(order))).toBe(bytes)
})

test('an order of 200 bytes or more has items to validate', () => {
  expect([64, 200, 4_096].map((bytes) => orderOf(bytes).items?.length)).toEqual([undefined, 1, 1])
})

test('no order has fewer bytes than it needs', () => {
  expect(() => orderOf(50)).toThrow(RangeError)
})
