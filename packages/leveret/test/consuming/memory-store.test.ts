import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MemoryDeduplicationStore, OptionsError } from '../../src/index.js'

beforeEach(() => vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => vi.useRealTimers())

describe('the store in memory', () => {
  test('gives a key to one caller only, however many ask at once', async () => {
    const store = new MemoryDeduplicationStore()
    const states = await Promise.all(Array.from({ length: 5 }, () => store.begin('a', 1_000)))
    expect(states).toEqual(['new', 'in-progress', 'in-progress', 'in-progress', 'in-progress'])
  })

  test('gives it to the next when it was given up, or when the lease of who took it is over', async () => {
    const store = new MemoryDeduplicationStore()
    await store.begin('a', 1_000)
    await store.giveUp('a')
    expect(await store.begin('a', 1_000)).toBe('new')
    vi.advanceTimersByTime(999)
    expect(await store.begin('a', 1_000)).toBe('in-progress')
    vi.advanceTimersByTime(1)
    expect(await store.begin('a', 1_000)).toBe('new')
  })

  test('remembers what is done for its time, also when its lease was over before', async () => {
    const store = new MemoryDeduplicationStore()
    await store.begin('a', 1_000)
    vi.advanceTimersByTime(5_000)
    await store.done('a', 60_000)
    vi.advanceTimersByTime(59_999)
    expect(await store.begin('a', 1_000)).toBe('done')
    vi.advanceTimersByTime(1)
    expect(await store.begin('a', 1_000)).toBe('new')
  })

  test('forgets the oldest above maxKeys, and no other', async () => {
    const store = new MemoryDeduplicationStore({ maxKeys: 3 })
    for (const key of ['a', 'b', 'c', 'd']) await store.done(key, 60_000)
    const begun = async (key: string): Promise<string> => await store.begin(key, 60_000)
    expect([await begun('d'), await begun('c'), await begun('b')]).toEqual(['done', 'done', 'done'])
    expect(await begun('a')).toBe('new')
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses %d keys', (maxKeys) => {
    expect(() => new MemoryDeduplicationStore({ maxKeys })).toThrow(OptionsError)
  })
})
