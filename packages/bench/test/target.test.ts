import { expect, test } from 'vitest'
import { judgeTarget } from '../src/work/target.js'

test('a target is met at its bounds, and names the bound that was missed', () => {
  const target = { rate: 1.5, cpu: 0.65 }
  expect(judgeTarget(target, { rate: 1.5, cpu: 0.65 })).toBe('≥ 1.50, CPU ≤ 0.65: met')
  expect(judgeTarget(target, { rate: 1.49, cpu: 0.65 })).toBe('≥ 1.50, CPU ≤ 0.65: MISSED ≥ 1.50')
  expect(judgeTarget(target, { rate: 1.5, cpu: 0.66 })).toBe('≥ 1.50, CPU ≤ 0.65: MISSED CPU ≤ 0.65')
})

test('what a target does not name is not judged', () => {
  expect(judgeTarget({ rate: 50 }, { rate: 60, cpu: 9 })).toBe('≥ 50.00: met')
})
