import { describe, expect, test } from 'vitest'
import { interleave, median, medianRatio, percentile } from '../src/rounds.js'

describe('the order of runs', () => {
  test('is A B A B, so that what changes with time falls on all alike, and the first round is the warm-up', () => {
    const turns = interleave(['A', 'B'], 2)
    expect(turns.map(({ contender }) => contender).join(' ')).toBe('A B A B A B')
    expect(turns.map(({ round }) => round)).toEqual([0, 0, 1, 1, 2, 2])
  })
})

describe('the median', () => {
  test('is the middle value, however the values are sorted', () => {
    expect(median([3, 100, 1])).toBe(3)
  })

  test('of an even number of values lies between the two in the middle', () => {
    expect(median([1, 2, 4, 100])).toBe(3)
  })

  test('counts what never happened as later than everything', () => {
    const never = Number.POSITIVE_INFINITY
    expect([median([1, never, 2]), median([1, never, never])]).toEqual([2, never])
    expect(median([never, never])).toBe(never)
  })

  test('leaves the values as they are', () => {
    const values = Object.freeze([2, 1])
    expect(median(values)).toBe(1.5)
  })

  test('of nothing is refused', () => {
    expect(() => median([])).toThrow(RangeError)
  })
})

describe('the ratio of two contenders', () => {
  test('is taken in each round, so that a slow hour of the machine cancels out', () => {
    expect(medianRatio([50, 5, 500], [100, 10, 1_000])).toBe(0.5)
  })

  test('needs both figures of each round', () => {
    expect(() => medianRatio([1, 2], [1])).toThrow(RangeError)
  })
})

describe('a percentile', () => {
  const values = Array.from({ length: 100 }, (_, n) => 100 - n)

  test('is a value that was measured, which so many per cent do not exceed', () => {
    expect([50, 99, 100].map((percent) => percentile(values, percent))).toEqual([50, 99, 100])
    expect(percentile([7], 1)).toBe(7)
  })

  test('of nothing is refused', () => {
    expect(() => percentile([], 50)).toThrow(RangeError)
  })
})
