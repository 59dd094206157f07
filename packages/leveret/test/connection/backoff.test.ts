import { expect, test } from 'vitest'
import { backoffMs, dropMs } from '../../src/connection/lanes/backoff.js'

test('the first try comes within 250 ms, later ones within 1, 2, 4 … 30 s', () => {
  const ceilings = Array.from({ length: 9 }, (_, index) => backoffMs(index + 1, 1))
  expect(ceilings).toEqual([250, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
})

test('without a refusal, tries stay within half a second for about two minutes, then back off like all others', () => {
  const ceilings = [1, 2, 10, 480, 481, 482, 490].map((attempt) => dropMs(attempt, 1))
  expect(ceilings).toEqual([250, 500, 500, 500, 1_000, 2_000, 30_000])
})

test('a thousand clients come back spread over the whole time', () => {
  const waits = Array.from({ length: 1_000 }, () => backoffMs(6, Math.random()))
  const tenths = new Set(waits.map((ms) => Math.floor(ms / 1_600)))
  expect(tenths.size).toBeGreaterThanOrEqual(10)
  expect(Math.max(...waits)).toBeLessThanOrEqual(16_000)
})
