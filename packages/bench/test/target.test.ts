import { expect, test } from 'vitest'
import { judgeTargets, type Target } from '../src/work/target.js'

const judge = (target: Target, rate: number, cpu: number) => judgeTargets([target], () => ({ rate, cpu }))

test('a target is met at its bounds, and names the bound that was missed', () => {
  const target = { rate: 1.5, cpu: 0.65 }
  expect(judge(target, 1.5, 0.65)).toBe('≥ 1.50, CPU ≤ 0.65: met')
  expect(judge(target, 1.49, 0.65)).toBe('≥ 1.50, CPU ≤ 0.65: MISSED ≥ 1.50')
  expect(judge(target, 1.5, 0.66)).toBe('≥ 1.50, CPU ≤ 0.65: MISSED CPU ≤ 0.65')
})

test('what a target does not name is not judged', () => {
  expect(judge({ rate: 50 }, 60, 9)).toBe('≥ 50.00: met')
  expect(judgeTargets([], () => ({ rate: 0, cpu: 9 }))).toBe('')
})

test('each target is judged by the ratios to its own client', () => {
  const ratiosTo = (client?: string) => ({ rate: client === 'other' ? 0.9 : 1.3, cpu: 1 })
  const targets = [{ rate: 1.25 }, { rate: 0.95, beside: 'other' }]
  expect(judgeTargets(targets, ratiosTo)).toBe('≥ 1.25, ≥ 0.95 of other (0.90): MISSED ≥ 0.95 of other (0.90)')
})
