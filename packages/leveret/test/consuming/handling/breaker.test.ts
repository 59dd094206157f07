import { expect, test } from 'vitest'
import { Breaker, breakerOptions } from '../../../src/consuming/handling/breaker.js'

const settings = breakerOptions.parse({ failureRate: 0.5, minAttempts: 4, windowMs: 6_000 })

test('too few attempts say nothing, however they end', () => {
  const breaker = new Breaker(settings)
  for (const at of [0, 1, 2]) expect(breaker.record(false, at, at)).toBe(false)
  expect(breaker.state).toBe('closed')
  expect(breaker.record(false, 3, 3)).toBe(true)
  expect(breaker.state).toBe('open')
})

test('it opens at the rate that was given, and not below it', () => {
  const breaker = new Breaker(settings)
  for (const succeeded of [true, true, true, false, false]) breaker.record(succeeded, 0, 0)
  expect(breaker.state).toBe('closed')
  breaker.record(false, 0, 0)
  expect(breaker.state).toBe('open')
})

test('attempts older than the window do not count', () => {
  const breaker = new Breaker(settings)
  for (const at of [0, 10, 20]) breaker.record(false, at, at)
  for (const at of [6_200, 6_300, 6_400]) expect(breaker.record(false, at, at)).toBe(false)
  expect(breaker.record(false, 6_500, 6_500)).toBe(true)
})

test.for([
  [true, 'closed'],
  [false, 'open'],
] as const)('the first attempt after the pause decides: %s', ([succeeded, state]) => {
  const breaker = new Breaker(settings)
  for (const at of [0, 0, 0, 0]) breaker.record(false, at, at)
  // Those that began before the pause say nothing.
  expect(breaker.record(true, 1, 1)).toBe(false)
  breaker.probe(1)
  expect(breaker.state).toBe('probing')
  expect(breaker.record(succeeded, 2, 2)).toBe(true)
  expect(breaker.state).toBe(state)
})

test('an attempt that began before the pause decides nothing after it, however late it ends', () => {
  const breaker = new Breaker(settings)
  for (const at of [1, 2, 3, 4]) breaker.record(false, at, at)
  breaker.probe(10)
  expect([breaker.record(true, 3, 11), breaker.record(false, 9, 12)]).toEqual([false, false])
  expect(breaker.state).toBe('probing')
  expect(breaker.record(true, 10, 13)).toBe(true)
  for (const begunAt of [3, 4, 9, 12]) expect(breaker.record(false, begunAt, 14)).toBe(false)
  expect(breaker.state).toBe('closed')
})

test('what failed before the pause does not count after it', () => {
  const breaker = new Breaker(settings)
  for (const at of [0, 0, 0, 0]) breaker.record(false, at, at)
  breaker.probe(1)
  breaker.record(true, 1, 1)
  for (const at of [2, 2, 2]) expect(breaker.record(false, at, at)).toBe(false)
})
