import { expect, test } from 'vitest'
import { Slots } from '../../../src/consuming/handling/slots.js'

/** Enters, and says under which names, in which order, it was let in or given back. */
function crowd(slots: Slots): { enter(name: string, key?: string): void; begun: string[]; given: string[] } {
  const begun: string[] = []
  const given: string[] = []
  const enter = (name: string, key?: string): void => {
    const decided = slots.enter(key)
    const note = (begins: boolean): void => void (begins ? begun : given).push(name)
    if (typeof decided === 'boolean') note(decided)
    else void decided.then(note)
  }
  return { enter, begun, given }
}

const turn = (): Promise<void> => new Promise(setImmediate)

test('no more than the limit begin, and those that wait begin in their order', async () => {
  const slots = new Slots(2)
  const { enter, begun } = crowd(slots)
  for (const name of ['a', 'b', 'c', 'd']) enter(name)
  expect(begun).toEqual(['a', 'b'])
  slots.leave()
  await turn()
  expect(begun).toEqual(['a', 'b', 'c'])
  expect(slots.taken).toBe(2)
})

test('of one key one begins at a time, in order, and takes no slot from the others while it waits', async () => {
  const slots = new Slots(3)
  const { enter, begun } = crowd(slots)
  for (const name of ['a1', 'a2', 'a3', 'b1', 'b2', 'c1']) enter(name, name.charAt(0))
  await turn()
  expect(begun).toEqual(['a1', 'b1', 'c1'])
  slots.leave('a')
  await turn()
  expect(begun).toEqual(['a1', 'b1', 'c1', 'a2'])
  slots.leave('b')
  slots.leave('a')
  await turn()
  expect(begun.slice(4).toSorted()).toEqual(['a3', 'b2'])
})

test('a limit of none holds all; a higher one lets them go on, also those of keys', async () => {
  const slots = new Slots(2)
  const { enter, begun } = crowd(slots)
  slots.limit(0)
  enter('a1', 'a')
  enter('a2', 'a')
  enter('plain')
  await turn()
  expect(begun).toEqual([])
  slots.limit(2)
  await turn()
  expect(begun).toEqual(['a1', 'plain'])
  slots.leave('a')
  await turn()
  expect(begun).toEqual(['a1', 'plain', 'a2'])
})

test('what waits is given back, and a key is free again afterwards', async () => {
  const slots = new Slots(1)
  const { enter, begun, given } = crowd(slots)
  for (const [name, key] of [['a1', 'a'], ['a2', 'a'], ['b1', 'b'], ['b2', 'b'], ['plain']] as const) enter(name, key)
  slots.giveBack()
  await turn()
  expect(given.toSorted()).toEqual(['a2', 'b1', 'b2', 'plain'])
  enter('a3', 'a')
  enter('b3', 'b')
  slots.leave('a')
  await turn()
  expect(begun).toEqual(['a1', 'b3'])
  slots.leave('b')
  await turn()
  expect(begun).toEqual(['a1', 'b3', 'a3'])
})

test('while it is closed nothing begins: what waits and what comes is given back, until it is opened again', async () => {
  const slots = new Slots(1)
  const { enter, begun, given } = crowd(slots)
  for (const name of ['running', 'waiting']) enter(name)
  slots.close()
  enter('late')
  slots.leave()
  await turn()
  expect(given).toEqual(['late', 'waiting'])
  expect(slots).toMatchObject({ isClosed: true, taken: 0 })
  slots.open()
  enter('next')
  expect(begun).toEqual(['running', 'next'])
})

test('who goes on between two attempts keeps its slot, or waits before all others while fewer may be taken', async () => {
  const slots = new Slots(2)
  const { enter, begun } = crowd(slots)
  for (const name of ['a', 'b', 'c']) enter(name)
  expect(slots.again()).toBe(true)
  slots.limit(0)
  const again = slots.again()
  slots.limit(1)
  await turn()
  expect(begun).toEqual(['a', 'b'])
  // b has the only slot that there is.
  slots.leave()
  expect(await again).toBe(true)
  slots.leave()
  await turn()
  expect(begun).toEqual(['a', 'b', 'c'])
  expect(slots.taken).toBe(1)
})

test('who waits between two attempts is given back like all others, and still leaves its slot', async () => {
  const slots = new Slots(1)
  await slots.enter('key')
  slots.limit(0)
  const [again, behind] = [slots.again(), slots.enter('key')]
  slots.giveBack()
  expect([await again, await behind]).toEqual([false, false])
  expect(slots.taken).toBe(1)
  slots.leave('key')
  slots.limit(1)
  expect(slots.enter('key')).toBe(true)
  slots.close()
  expect(slots.again()).toBe(false)
})
