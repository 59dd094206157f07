import { expect, test } from 'vitest'
import { DenseMap } from '../../src/collections/dense-map.js'
import { type DenseItem, DenseSet } from '../../src/collections/dense-set.js'
import { Random } from '../support/random.js'

const STEPS = 20_000
const KEYS = 50

test('a bag holds what a set would', () => {
  const random = new Random(7)
  const things = Array.from({ length: KEYS }, (_, n): DenseItem & { n: number } => ({ n, setIndex: undefined }))
  const bag = new DenseSet<(typeof things)[number]>()
  const set = new Set<(typeof things)[number]>()
  for (let step = 0; step < STEPS; step += 1) {
    const thing = random.pick(things)
    if (random.chance(0.5)) {
      bag.add(thing)
      set.add(thing)
    } else expect(bag.delete(thing)).toBe(set.delete(thing))
    expect(bag.size).toBe(set.size)
    expect(bag.has(thing)).toBe(set.has(thing))
  }
  expect([...bag].toSorted((one, other) => one.n - other.n)).toEqual(things.filter((thing) => set.has(thing)))
})

test('what is taken out of a bag while it is gone through is left out, and nothing else', () => {
  const things = [1, 2, 3, 4, 5].map((n): DenseItem & { n: number } => ({ n, setIndex: undefined }))
  const [, second, , fourth] = things
  const bag = new DenseSet<(typeof things)[number]>()
  for (const thing of things) bag.add(thing)
  const seen: number[] = []
  for (const { n } of bag) {
    seen.push(n)
    if (n !== 1 || second === undefined || fourth === undefined) continue
    bag.delete(second)
    bag.delete(fourth)
    bag.add(fourth)
    bag.add({ n: 6, setIndex: undefined })
  }
  expect(seen).toEqual([1, 3, 4, 5])
})

test('a slot map holds what a map would, in its order', () => {
  const random = new Random(8)
  const slots = new DenseMap<number, string>()
  const map = new Map<number, string>()
  for (let step = 0; step < STEPS; step += 1) {
    const key = random.below(KEYS)
    if (random.chance(0.5)) {
      slots.set(key, `${step}`)
      map.set(key, `${step}`)
    } else {
      expect(slots.delete(key)).toBe(map.get(key))
      map.delete(key)
    }
    if (random.chance(0.001)) {
      slots.clear()
      map.clear()
    }
    expect(slots.size).toBe(map.size)
    expect(slots.get(key)).toBe(map.get(key))
    expect(slots.has(key)).toBe(map.has(key))
  }
  expect([...slots]).toEqual([...map])
  expect([...slots.keys()]).toEqual([...map.keys()])
  expect([...slots.values()]).toEqual([...map.values()])
})
