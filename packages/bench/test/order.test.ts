import { expect, test } from 'vitest'
import { orderOf, orderSchema, orderWith, sizeOf } from '../src/work/order.js'
import { lines, note } from '../src/work/payload.js'

test.for([64, 200, 4_096, 65_536])('an order of %i bytes has as many as JSON, and is valid', (bytes) => {
  const order = orderOf(bytes)
  expect(orderSchema.parse(order)).toEqual(order)
  expect(sizeOf(order)).toBe(bytes)
})

test('an order of 200 bytes or more has items to validate', () => {
  expect([64, 200, 4_096].map((bytes) => orderOf(bytes).items?.length)).toEqual([undefined, 1, 1])
})

test('no order has fewer bytes than it needs', () => {
  expect(() => orderOf(50)).toThrow(RangeError)
})

test.for([
  [3, 200, 500],
  [60, 4_000, 5_000],
  [900, 60_000, 70_000],
] as const)('an order of %i lines has so many, is valid, and has %i to %i bytes', ([count, least, most]) => {
  const order = orderWith(count)
  expect(orderSchema.parse(order)).toEqual(order)
  expect(new Set(order.lines?.map(({ id }) => id)).size).toBe(count)
  expect(sizeOf(order)).toBeGreaterThanOrEqual(least)
  expect(sizeOf(order)).toBeLessThanOrEqual(most)
})

test('each line of an order is validated', () => {
  const order = orderWith(60)
  const wrong = order.lines?.map((line, index) => (index === 59 ? { ...line, pieces: 0 } : line))
  expect(orderSchema.safeParse({ ...order, lines: wrong }).success).toBe(false)
})

test('a payload knows its name and its bytes', () => {
  expect(note(4_096)).toEqual({ name: 'note', bytes: 4_096, order: orderOf(4_096) })
  expect(lines(3)).toEqual({ name: '3 lines', bytes: sizeOf(orderWith(3)), order: orderWith(3) })
})
