import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { LineRing, type WaitingLine } from '../src/index.js'

const line = (time: number, level = 30, text = '0123456789'): WaitingLine => ({ text, level, time })

function rest(ring: LineRing<WaitingLine>): number[] {
  const times: number[] = []
  for (let next = ring.shift(); next !== undefined; next = ring.shift()) times.push(next.time)
  return times
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** How many bytes of memory stay in use after some work. */
function grownBytes(work: () => void): number {
  collect()
  const before = process.memoryUsage().heapUsed
  work()
  collect()
  return process.memoryUsage().heapUsed - before
}

const MIB = 1024 * 1024

describe('a full ring', () => {
  test('does not grow by the lines that it drops, while older ones of a high level wait', () => {
    const ring = new LineRing<WaitingLine>(100_000, 50)
    ring.push(line(0, 50))
    const grown = grownBytes(() => {
      for (let time = 1; time <= 1_000_000; time += 1) ring.push(line(time))
    })
    expect(grown).toBeLessThan(4 * MIB)
    expect(ring.takeDropped()?.count).toBe(1_000_001 - ring.size)
  })

  test('holds no more of a line that is kept than the line, where it was cut out of a larger text', () => {
    const ring = new LineRing<WaitingLine>(100_000, 50)
    const grown = grownBytes(() => {
      for (let time = 1; time <= 500; time += 1) {
        const chunk = Buffer.alloc(64 * 1024, String(time)).toString()
        ring.push(line(time, 50, chunk.slice(100, 200)))
      }
    })
    expect(ring.size).toBe(500)
    expect(grown).toBeLessThan(4 * MIB)
  })

  test('drops the oldest lines of a lower level first, and counts them', () => {
    const ring = new LineRing<WaitingLine>(40, 50)
    for (const [time, level] of [
      [1, 30],
      [2, 50],
      [3, 30],
      [4, 30],
      [5, 60],
      [6, 30],
    ] as const)
      ring.push(line(time, level))
    expect(ring.takeDropped()).toEqual({ count: 2, from: 1, to: 3 })
    expect(ring.takeDropped()).toBeUndefined()
    expect(rest(ring)).toEqual([2, 4, 5, 6])
  })

  test('drops the oldest where all are of a high level', () => {
    const ring = new LineRing<WaitingLine>(20, 50)
    for (const time of [1, 2, 3]) ring.push(line(time, 60))
    expect(ring.takeDropped()).toEqual({ count: 1, from: 1, to: 1 })
    expect(rest(ring)).toEqual([2, 3])
  })

  test('counts bytes, not characters', () => {
    const ring = new LineRing<WaitingLine>(20, 50)
    ring.push(line(1, 30, 'é'.repeat(10)))
    expect([ring.size, ring.bytes]).toEqual([1, 20])
    ring.push(line(2, 30, 'x'))
    expect(rest(ring)).toEqual([2])
    expect(ring.bytes).toBe(0)
  })

  test('drops a line that is larger than all of it', () => {
    const ring = new LineRing<WaitingLine>(20, 50)
    ring.push(line(1, 30, 'x'.repeat(21)))
    expect([ring.size, ring.bytes]).toEqual([0, 0])
    expect(ring.takeDropped()?.count).toBe(1)
  })
})

test('a line that was given back is the next one', () => {
  const ring = new LineRing<WaitingLine>(1_000, 50)
  for (const time of [1, 2, 3]) ring.push(line(time))
  const first = ring.shift()
  if (first !== undefined) ring.giveBack(first)
  expect(rest(ring)).toEqual([1, 2, 3])
})

test('whatever is pushed, taken and given back, each line is taken in its order or counted as dropped, and the bound holds', () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    let state = seed
    const next = (below: number): number => {
      state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
      return state % below
    }
    const ring = new LineRing<WaitingLine>(300, 50)
    let most = 0
    const taken: number[] = []
    let pushed = 0
    for (let step = 0; step < 2_000; step += 1) {
      if (next(3) > 0) {
        pushed += 1
        ring.push(line(pushed, next(2) === 0 ? 30 : 50, 'x'.repeat(next(60))))
      } else {
        const one = ring.shift()
        if (one === undefined) continue
        if (next(4) === 0) ring.giveBack(one)
        else taken.push(one.time)
      }
      most = Math.max(most, ring.bytes)
    }
    expect(most).toBeLessThanOrEqual(300)
    taken.push(...rest(ring))
    expect(taken).toEqual(taken.toSorted((one, other) => one - other))
    expect(taken.length + (ring.takeDropped()?.count ?? 0)).toBe(pushed)
  }
})
