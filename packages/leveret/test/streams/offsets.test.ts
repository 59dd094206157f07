import { describe, expect, test } from 'vitest'
import { Offsets } from '../../src/streams/offsets.js'

/** Received so far: 5, 6, 9, 10. The broker skips some. */
function reading(): Offsets {
  const offsets = new Offsets(5)
  for (const offset of [5, 6, 9, 10]) expect(offsets.receive(offset)).toBe(true)
  return offsets
}

describe('offsets', () => {
  test('are done up to the first that is not', () => {
    const offsets = reading()
    offsets.settle(6)
    offsets.settle(9)
    expect(offsets.next).toBe(5)
    offsets.settle(5)
    expect(offsets.next).toBe(10)
    offsets.settle(10)
    expect(offsets.next).toBe(11)
    expect(offsets.expected).toBe(11)
  })

  test('that were received before are known, also those that lie before the beginning', () => {
    const offsets = reading()
    expect([4, 5, 9, 10].map((offset) => offsets.receive(offset))).toEqual([false, false, false, false])
    expect(offsets.receive(11)).toBe(true)
  })

  test('that are not done come again after a restart, and so do those done ahead of them', () => {
    const offsets = reading()
    offsets.settle(5)
    offsets.settle(9)
    offsets.restart()
    expect(offsets.next).toBe(6)
    expect(offsets.expected).toBe(6)
    // What an earlier channel brought no longer counts.
    offsets.settle(6)
    expect(offsets.next).toBe(6)
    expect([6, 9, 10].map((offset) => offsets.receive(offset))).toEqual([true, true, true])
  })

  test('remember failed attempts over a restart, until they are done', () => {
    const offsets = reading()
    offsets.fail(6)
    offsets.fail(6)
    offsets.restart()
    offsets.receive(5)
    offsets.receive(6)
    expect([offsets.failuresOf(5), offsets.failuresOf(6)]).toEqual([0, 2])
    offsets.settle(6)
    expect(offsets.failuresOf(6)).toBe(0)
  })

  test('that are gone are skipped', () => {
    const offsets = new Offsets(5)
    offsets.skipTo(700)
    expect([offsets.next, offsets.expected]).toEqual([700, 700])
    expect([offsets.receive(699), offsets.receive(700)]).toEqual([false, true])
  })
})

test('keeps nothing of what is done behind one that is not, however much that is', () => {
  const offsets = new Offsets(0)
  offsets.receive(0)
  // More than a Map or a Set can hold.
  const last = 2 ** 24 + 1_000
  for (let offset = 1; offset <= last; offset += 1) {
    offsets.receive(offset)
    offsets.settle(offset)
  }
  expect(offsets.next).toBe(0)
  offsets.settle(0)
  expect(offsets.next).toBe(last + 1)
})
