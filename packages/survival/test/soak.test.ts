import { expect, test } from 'vitest'
import { plan } from '../src/soak.js'

const names = ['kill', 'reset', 'poison', 'closed']
const first = (seed: number, count: number) => {
  const steps = plan(names, seed)
  return Array.from({ length: count }, () => steps.next().value)
}

test('the same seed plans the same faults, after the same pauses; another one plans others', () => {
  expect(first(42, 50)).toEqual(first(42, 50))
  expect(first(43, 50)).not.toEqual(first(42, 50))
})

test('every fault has its turn', () => {
  expect(new Set(first(1, 100).map(({ fault }) => fault))).toEqual(new Set(names))
})

test('there is no plan without faults', () => {
  expect(() => plan([], 1).next()).toThrow(RangeError)
})
