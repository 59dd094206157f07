import { describe, expect, test } from 'vitest'
import { hung } from '../src/invariants.js'
import { blameless, breaches, type Entry, handled } from './entries.js'

test('a run in which nothing went wrong breaches nothing', () => {
  expect(breaches(...blameless)).toEqual({})
})

describe('kept is breached', () => {
  test.for<[string, Entry[]]>([
    [
      'by a confirmed message that is nowhere',
      [
        ['published', 'w1-9'],
        ['confirmed', 'w1-9'],
      ],
    ],
    [
      'by one that a handler began with, whatever became of its send',
      [
        ['published', 'w1-9'],
        ['failed', 'w1-9', 'unknown'],
        ['begun', 'w1-9', '1'],
        ['thrown', 'w1-9', '1'],
        ['retried', 'w1-9'],
      ],
    ],
    [
      'by one that a classic queue delivered, and that was confirmed',
      [
        ['published', 'c1-9'],
        ['begun', 'c1-9', '1'],
        ['confirmed', 'c1-9'],
        ['thrown', 'c1-9', '1'],
        ['retried', 'c1-9'],
      ],
    ],
    [
      'by one that was sent after a queue was destroyed',
      [
        ['destroyed', 'work'],
        ['published', 'w1-9'],
        ['confirmed', 'w1-9'],
      ],
    ],
    [
      'by one that was in another queue than the one that was destroyed',
      [
        ['published', 'w1-9'],
        ['confirmed', 'w1-9'],
        ['destroyed', 'plain'],
      ],
    ],
  ])('%s', ([, entries]) => {
    expect(breaches(...blameless, ...entries)).toEqual({ kept: [expect.stringMatching(/[cw]1-9/)] })
  })

  test.for<[string, Entry[]]>([
    [
      'one that waits in a queue',
      [
        ['published', 'w1-9'],
        ['confirmed', 'w1-9'],
        ['stored', 'w1-9', 'work.retry.50'],
      ],
    ],
    [
      'one that was never confirmed nor seen',
      [
        ['published', 'w1-9'],
        ['failed', 'w1-9', 'unknown'],
      ],
    ],
    [
      'one that a classic queue delivered before it had stored it, and refused',
      [
        ['published', 'c1-9'],
        ['begun', 'c1-9', '1'],
        ['failed', 'c1-9', 'refused'],
        ['thrown', 'c1-9', '1'],
      ],
    ],
    [
      'one that was destroyed with its queue',
      [
        ['published', 'w1-9'],
        ['confirmed', 'w1-9'],
        ['destroyed', 'work'],
      ],
    ],
    [
      'one that was destroyed with everything',
      [
        ['published', 'c1-9'],
        ['confirmed', 'c1-9'],
        ['destroyed', '*'],
      ],
    ],
  ])('not by %s', ([, entries]) => {
    expect(breaches(...blameless, ...entries)).toEqual({})
  })
})

describe('acked is breached', () => {
  test('detects an ack of a message that no handler has finished', () => {
    const entries: Entry[] = [
      ['published', 'w1-9'],
      ['confirmed', 'w1-9'],
      ['begun', 'w1-9', '1'],
      ['acked', 'w1-9'],
    ]
    expect(breaches(...blameless, ...entries, ['stored', 'w1-9', 'work'])).toEqual({
      acked: ['w1-9 was acknowledged, but no handler finished it'],
    })
  })

  test('detects a message that was given up but is not a dead letter', () => {
    const entries: Entry[] = [...handled('w1-9'), ['dead', 'w1-9']]
    expect(breaches(...blameless, ...entries)).toEqual({ acked: ['w1-9 was given up, but is not a dead letter'] })
    expect(breaches(...blameless, ...entries, ['stored', 'w1-9', 'work.dead-letter'])).toEqual({})
  })
})

describe('settled is breached', () => {
  test('by a send that never settles, unless its process was killed', () => {
    expect(breaches(...blameless, ['published', 'w1-9'])).toEqual({ settled: ['w1-9 never settled'] })
    expect(breaches(...blameless, ['published', 'w1-9'], ['killed', '1'])).toEqual({})
  })

  test('by one that settles late, but not when the event loop stood still for so long', () => {
    const late: (Entry | number)[] = [['published', 'w1-9'], 12_500, ['failed', 'w1-9', 'unknown']]
    expect(breaches(...blameless, ...late)).toEqual({ settled: ['w1-9 settled after 12501 ms'] })
    expect(breaches(...blameless, ...late, ['lag', '1', '600'])).toEqual({})
  })
})

describe('truthful is breached', () => {
  test.for(['not-sent', 'returned'])('by what was %s and got to a handler, or is in a queue', (outcome) => {
    const failed: Entry[] = [
      ['published', 'w1-9'],
      ['failed', 'w1-9', outcome],
    ]
    const found = { truthful: [`w1-9 was reported as ${outcome}, but was stored`] }
    expect(breaches(...blameless, ...failed, ['begun', 'w1-9', '1'], ['done', 'w1-9'])).toEqual(found)
    expect(breaches(...blameless, ...failed, ['stored', 'w1-9', 'work'])).toEqual(found)
    expect(breaches(...blameless, ...failed)).toEqual({})
  })

  test('by a poisoned message that reached a handler', () => {
    const entries: Entry[] = [
      ['published', 'z9'],
      ['poisoned', 'z9'],
      ['confirmed', 'z9'],
      ['begun', 'z9', '1'],
      ['done', 'z9'],
    ]
    expect(breaches(...blameless, ...entries)).toEqual({
      truthful: ['z9 does not fit its contract, but reached a handler'],
    })
  })
})

test('detects more duplicates than there were unsettled messages at each fault', () => {
  const again = (times: number): Entry[] => Array.from({ length: times }, () => ['done', 'w1-1'])
  expect(breaches(...blameless, ...again(2))).toEqual({})
  expect(breaches(...blameless, ...again(3))).toEqual({ 'few duplicates': ['3 duplicates, and 2 are allowed'] })
  expect(breaches(...blameless, ...again(4), ['fault', 'reset'])).toEqual({})
})

describe('in order', () => {
  const sent: Entry[] = ['o1-11', 'o1-12', 'o1-13'].flatMap((id) => [
    ['published', id],
    ['confirmed', id],
  ])
  const begun = (...ids: string[]): Entry[] =>
    ids.flatMap((id) => [
      ['begun', id, '1'],
      ['done', id],
    ])

  test('is breached by what is handled before what was sent earlier', () => {
    expect(breaches(...blameless, ...sent, ...begun('o1-11', 'o1-13', 'o1-12'))).toEqual({
      'in order': ['o1-12 came after o1-13'],
    })
  })

  test('is not breached by what comes again', () => {
    const twice = begun('o1-11', 'o1-12', 'o1-11', 'o1-12', 'o1-13')
    expect(breaches(...blameless, ...sent, ...twice)).toEqual({})
  })

  test('is not asked of queues with several handlers', () => {
    const others = ['w1-11', 'w1-12'].flatMap((id): Entry[] => [
      ['published', id],
      ['confirmed', id],
    ])
    expect(breaches(...blameless, ...others, ...begun('w1-12', 'w1-11'))).toEqual({})
  })
})

test('no surprise detects an unexpected end', () => {
  expect(breaches(...blameless, ['started', '2'], ['exited', '2', 'code 1: Error: boom'])).toEqual({
    'no surprise': ['run 2 ended: code 1: Error: boom'],
  })
  expect(breaches(...blameless, ['exited', '2', 'SIGKILL'], ['killed', '2'])).toEqual({})
})

test('exits is breached by a closed client that goes on', () => {
  expect(breaches(...blameless, ['exited', '2', hung])).toEqual({ exits: ['run 2 was closed, but did not end'] })
})

test('comes back is breached by a queue that takes or hands out nothing after a fault', () => {
  const later = ['w1-21', 'c1-22', 'o1-23'].flatMap(handled)
  const without = later.filter(([kind, id]) => !(id === 'c1-22' && ['begun', 'done', 'acked'].includes(kind)))
  const found = breaches(...blameless, ['healed', 'kill'], ...without, ['stored', 'c1-22', 'plain'])
  expect(found).toEqual({ recovers: ['after kill these did not recover: plain done'] })
  expect(breaches(...blameless, ['healed', 'kill'], ...later)).toEqual({})
  expect(breaches(...blameless, ['healed', 'kill'], 5_000, ...later)).toEqual({
    recovers: ['after kill it took 5014 ms'],
  })
})

test('one consumer detects no consumer, two consumers, and a last message that is not handled', () => {
  for (const count of ['0', '2']) {
    expect(breaches(...blameless, ['consumers', 'plain', count])).toEqual({
      'one consumer': [`plain has ${count} consumers`],
    })
  }
  const withoutProbe = blameless.filter(([, id]) => id !== 'o1-probe')
  expect(breaches(...withoutProbe)).toEqual({ 'one consumer': ['the last message to ordered was not handled'] })
})

test('memory detects a heap that grew, or was not measured', () => {
  expect(breaches(...blameless, ['heap', '1', '2001'])).toEqual({ memory: ['it grew by 0 MiB'] })
  expect(breaches(...blameless, ['heap', '1', '2001'], ['heap', '1', '1200'])).toEqual({ memory: ['it grew by 0 MiB'] })
  const unmeasured = blameless.filter(([kind]) => kind !== 'heap')
  expect(breaches(...unmeasured)).toEqual({ memory: ['it was not measured'] })
})
