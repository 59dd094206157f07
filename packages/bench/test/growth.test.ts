import { expect, test } from 'vitest'
import { growthRow } from '../src/growth/growth.js'

const found = { seconds: 2, cpuSeconds: 0.1, grownBytes: 3 * 1024 * 1024, keptBytes: 1024 * 1024, refused: 1_000 }

test('a row of growth has its figures a message', () => {
  const row = ['sendAll', '10,000', '5,000', '10.0', '3.0', '1.0', '1,000']
  expect(growthRow({ kind: 'sendAll', count: 10_000 }, found)).toEqual(row)
})

test('of roles, the messages are as many whatever their number', () => {
  const rates = [1, 100].map((count) => growthRow({ kind: 'roles', count }, found)[2])
  expect(rates).toEqual(['10,000', '10,000'])
})
