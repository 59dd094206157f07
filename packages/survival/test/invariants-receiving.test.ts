import { describe, expect, test } from 'vitest'
import { blameless, breaches, type Entry, handled } from './entries.js'

describe('at most once is breached', () => {
  const confirmed = (id: string): Entry[] => [
    ['published', id],
    ['confirmed', id],
  ]

  test('by what is handled twice', () => {
    const entries: Entry[] = [...confirmed('n1-1'), ['begun', 'n1-1', '1'], ['begun', 'n1-1', '1']]
    expect(breaches(...blameless, ...entries)).toEqual({ 'at most once': ['n1-1 was handled 2 times'] })
  })

  test('by a handler whose signal was aborted', () => {
    const entries: Entry[] = [...confirmed('n1-1'), ['begun', 'n1-1', '1'], ['aborted', 'n1-1']]
    expect(breaches(...blameless, ...entries)).toEqual({
      'at most once': ['n1-1 was aborted by the loss of a connection'],
    })
  })

  test('by more lost messages than running handlers at each fault, of which blameless has one', () => {
    const lost = (count: number): Entry[] => Array.from({ length: count }, (_, n) => confirmed(`n1-${n}`)).flat()
    expect(breaches(...blameless, ...lost(10))).toEqual({})
    expect(breaches(...blameless, ...lost(11))).toEqual({ 'at most once': ['11 were lost, and 10 may be'] })
    expect(breaches(...blameless, ...lost(11), ['stored', 'n1-3', 'once'])).toEqual({})
  })

  test('by nothing that happens to other messages, which come again', () => {
    expect(breaches(...blameless, ...handled('w1-9'), ['begun', 'w1-9', '1'], ['done', 'w1-9'])).toEqual({})
  })
})

test('detects a message that is handled alone, unless a client was killed', () => {
  expect(breaches(...blameless, ['isolated', 'w1-1'])).toEqual({ 'no isolation': ['w1-1 was handled alone'] })
  expect(breaches(...blameless, ['killed', '2'], ['isolated', 'w1-1'])).toEqual({})
})

test('pace is breached when much less is handled in a while than before', () => {
  expect(breaches(...blameless, ['pace', 'before', '100'], ['pace', 'after', '60'])).toEqual({})
  expect(breaches(...blameless, ['pace', 'before', '100'], ['pace', 'after', '59'])).toEqual({
    pace: ['59 were handled in the time in which it had been 100'],
  })
})

test('own letters is breached by what comes to the handler of another queue', () => {
  expect(breaches(...blameless, ['misplaced', 'w1-1', 'plain'])).toEqual({ 'own letters': ['w1-1 came to plain'] })
})
