import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { MemoryDeduplicationStore, OptionsError } from '../../../src/index.js'

beforeEach(() => vi.useFakeTimers({ toFake: ['Date', 'performance'] }))
afterEach(() => vi.useRealTimers())

describe('the store in memory', () => {
  test('gives a key to one token only, however many ask at once', async () => {
    const store = new MemoryDeduplicationStore()
    const states = await Promise.all(Array.from({ length: 5 }, (_, n) => store.begin('a', `token ${n}`, 1_000)))
    expect(states).toEqual(['new', 'in-progress', 'in-progress', 'in-progress', 'in-progress'])
  })

  test('gives it to the same token again, because a lost answer may be asked for again', async () => {
    const store = new MemoryDeduplicationStore()
    expect(await store.begin('a', 'first', 1_000)).toBe('new')
    expect(await store.begin('a', 'first', 1_000)).toBe('new')
    await store.done('a', 'first', 1_000)
    expect(await store.begin('a', 'first', 1_000)).toBe('done')
  })

  test('gives it to the next when it was given up, or when the lease of who took it is over', async () => {
    const store = new MemoryDeduplicationStore()
    await store.begin('a', 'first', 1_000)
    await store.giveUp('a', 'first')
    expect(await store.begin('a', 'second', 1_000)).toBe('new')
    vi.advanceTimersByTime(999)
    expect(await store.begin('a', 'third', 1_000)).toBe('in-progress')
    vi.advanceTimersByTime(1)
    expect(await store.begin('a', 'third', 1_000)).toBe('new')
  })

  test('remembers what is done for its time, also when its lease was over before', async () => {
    const store = new MemoryDeduplicationStore()
    await store.begin('a', 'first', 1_000)
    vi.advanceTimersByTime(5_000)
    await store.done('a', 'first', 60_000)
    vi.advanceTimersByTime(59_999)
    expect(await store.begin('a', 'second', 1_000)).toBe('done')
    vi.advanceTimersByTime(1)
    expect(await store.begin('a', 'second', 1_000)).toBe('new')
  })

  test('lets only its owner do it or give it up', async () => {
    const store = new MemoryDeduplicationStore()
    await store.begin('a', 'first', 1_000)
    vi.advanceTimersByTime(1_000)
    await store.begin('a', 'second', 1_000)
    await store.done('a', 'first', 60_000)
    await store.giveUp('a', 'first')
    expect(await store.begin('a', 'third', 1_000)).toBe('in-progress')
    await store.giveUp('a', 'second')
    expect(await store.begin('a', 'third', 1_000)).toBe('new')
  })

  test('keeps a done key, whichever worker gives it up', async () => {
    const store = new MemoryDeduplicationStore()
    await store.begin('a', 'first', 1_000)
    await store.done('a', 'first', 60_000)
    await store.giveUp('a', 'first')
    await store.giveUp('a', 'second')
    expect(await store.begin('a', 'third', 1_000)).toBe('done')
  })

  test.for([
    ['a day ahead', 86_400_000],
    ['a day back', -86_400_000],
  ] as const)('lets no key in twice when the clock of the machine jumps %s', async ([_where, ms]) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const store = new MemoryDeduplicationStore()
    await store.begin('a', 'first', 60_000)
    await store.begin('b', 'first', 60_000)
    await store.done('b', 'first', 60_000)
    vi.setSystemTime(Date.now() + ms)
    expect(await store.begin('a', 'second', 60_000)).toBe('in-progress')
    expect(await store.begin('b', 'second', 60_000)).toBe('done')
  })

  test('lets a key go in time when the clock of the machine jumps back', async () => {
    const store = new MemoryDeduplicationStore()
    await store.begin('a', 'first', 1_000)
    vi.setSystemTime(Date.now() - 86_400_000)
    vi.advanceTimersByTime(1_000)
    expect(await store.begin('a', 'second', 1_000)).toBe('new')
  })

  test('forgets the oldest done above maxKeys, and no other', async () => {
    const store = new MemoryDeduplicationStore({ maxKeys: 3 })
    for (const key of ['a', 'b', 'c', 'd']) await store.done(key, 'first', 60_000)
    const begun = async (key: string): Promise<string> => await store.begin(key, 'second', 60_000)
    expect([await begun('d'), await begun('c'), await begun('b')]).toEqual(['done', 'done', 'done'])
    expect(await begun('a')).toBe('new')
  })

  test('forgets no key that is being worked on, however many are done meanwhile', async () => {
    const store = new MemoryDeduplicationStore({ maxKeys: 3 })
    await store.begin('long', 'first', 60_000)
    for (const key of ['a', 'b', 'c', 'd']) await store.done(key, 'first', 60_000)
    expect(await store.begin('long', 'second', 60_000)).toBe('in-progress')
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses %d keys', (maxKeys) => {
    expect(() => new MemoryDeduplicationStore({ maxKeys })).toThrow(OptionsError)
  })
})
