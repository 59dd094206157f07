import { expect, test } from 'vitest'
import { NumberRanges } from '../../../src/consuming/delivery/number-ranges.js'
import { Random } from '../../support/random.js'

test('a million numbers in a row take one range', () => {
  const ranges = new NumberRanges()
  for (let n = 2; n < 1_000_000; n += 1) ranges.add(n)
  expect(ranges.size).toBe(1)
  expect([ranges.has(1), ranges.has(2), ranges.has(999_999), ranges.has(1_000_000)]).toEqual([false, true, true, false])
  ranges.add(1)
  expect(ranges.takeFirst(1)).toBe(999_999)
  expect(ranges.size).toBe(0)
})

test('numbers in any order are there as in a set, in as few ranges as can be', () => {
  const random = new Random(14)
  for (let round = 0; round < 50; round += 1) {
    const ranges = new NumberRanges()
    const set = new Set<number>()
    for (let step = 0; step < 200; step += 1) {
      const n = random.below(120)
      ranges.add(n)
      set.add(n)
    }
    const starts = [...set].filter((n) => !set.has(n - 1))
    expect(ranges.size).toBe(starts.length)
    for (let n = -1; n <= 121; n += 1) expect(ranges.has(n)).toBe(set.has(n))
  }
})

test('only the lowest range is taken out, and only by its first number', () => {
  const ranges = new NumberRanges()
  for (const n of [5, 6, 9]) ranges.add(n)
  expect(ranges.takeFirst(6)).toBe(undefined)
  expect(ranges.takeFirst(9)).toBe(undefined)
  expect(ranges.takeFirst(5)).toBe(6)
  expect(ranges.takeFirst(9)).toBe(9)
})
