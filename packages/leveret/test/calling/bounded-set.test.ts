import { expect, test } from 'vitest'
import { BoundedSet } from '../../src/calling/bounded-set.js'

test('remembers the newest so many at least, and at most twice as many', () => {
  const set = new BoundedSet<number>(100)
  for (let n = 0; n < 10_000; n += 1) {
    set.add(n)
    expect(set.has(n)).toBe(true)
    expect(set.has(Math.max(n - 99, 0))).toBe(true)
    expect(set.has(n - 200)).toBe(false)
  }
})
