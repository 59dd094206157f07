import { expect, test } from 'vitest'
import { order, orderSchema } from '../src/work/order.js'
import { columnsOf, rowsOf } from '../src/work/summary.js'

test('a case has one row a client, with ratios to the first', () => {
  const rows = rowsOf({ queue: 'quorum', atOnce: 64, messages: 1_000 }, [
    { client: 'first', costs: [1, 2, 4].map((seconds) => ({ seconds, cpuSeconds: 0.01 })) },
    { client: 'second', costs: [2, 4, 8].map((seconds) => ({ seconds, cpuSeconds: 0.03 })) },
  ])
  expect(columnsOf({ atOnce: 'window' }).map(({ heading }) => heading)).toEqual([
    'queue',
    'window',
    'client',
    'messages/s',
    'ratio',
    'CPU µs/message',
    'ratio',
  ])
  expect(rows).toEqual([
    ['quorum', '64', 'first', '500', '1.00', '10.0', '1.00'],
    ['quorum', '64', 'second', '250', '0.50', '30.0', '3.00'],
  ])
})

test('the payload is valid and has 200 bytes', () => {
  expect(orderSchema.parse(order)).toEqual(order)
  expect(Buffer.byteLength(JSON.stringify(order))).toBe(200)
})
