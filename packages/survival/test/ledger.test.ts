import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { figuresOf, openMessages } from '../src/ledger/account.js'
import { factOf, lineOf } from '../src/ledger/fact.js'
import { LedgerFile } from '../src/ledger/ledger-file.js'
import { blameless, handled, ledgerOf, linesOf } from './entries.js'

describe('a line', () => {
  test('is read as it was written, on one line whatever it says', () => {
    const fact = { at: 17, kind: 'failed', id: 'w1-2', detail: 'error:BrokerError:\n two  lines' } as const
    expect(lineOf(fact).split('\n')).toHaveLength(2)
    expect(factOf(lineOf(fact).trimEnd())).toEqual({ ...fact, detail: 'error:BrokerError: two lines' })
  })

  test.for(['', 'x confirmed w1 ', '17 invented w1 ', '17 confirmed', '17 confirmed w1'])('%j is none', (line) => {
    expect(() => factOf(line)).toThrow('cannot be read')
  })
})

describe('a ledger file', () => {
  test('takes in what others write, also when a line comes in two parts', () => {
    const directory = mkdtempSync(join(tmpdir(), 'leveret-ledger-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const file = new LedgerFile(join(directory, 'a.ledger'))
    const lines = linesOf(...handled('w1-1'), ...handled('w1-é'))
    appendFileSync(file.path, lines.slice(0, 30))
    file.read()
    appendFileSync(file.path, lines.slice(30))
    file.note('fault', 'reset')
    const ledger = file.read()
    expect([...ledger.messages.values()]).toMatchObject([
      { id: 'w1-1', done: 1, acked: 1 },
      { id: 'w1-é', done: 1, acked: 1 },
    ])
    expect(ledger.faults).toEqual(['reset'])
    file.close()
  })
})

describe('figures', () => {
  test('count each message by how it ended', () => {
    const ledger = ledgerOf(
      ...handled('w1-1'),
      ['done', 'w1-1'],
      ['done', 'w1-1'],
      ...(['returned', 'refused', 'not-sent', 'unknown', 'error:BrokerError:403'] as const).flatMap(
        (outcome) =>
          [
            ['published', `w1-${outcome}`],
            ['failed', `w1-${outcome}`, outcome],
          ] as const,
      ),
      ['published', 'w1-dead'],
      ['confirmed', 'w1-dead'],
      ['begun', 'w1-dead'],
      ['retried', 'w1-dead'],
      ['stored', 'w1-dead', 'work.dead-letter'],
      ['published', 'c1-gone'],
      ['confirmed', 'c1-gone'],
      ['destroyed', 'plain'],
    )
    expect(figuresOf(ledger)).toMatchObject({
      published: 8,
      confirmed: 3,
      returned: 1,
      refused: 1,
      notSent: 1,
      unknown: 1,
      otherErrors: 1,
      handled: 1,
      acked: 1,
      retried: 1,
      deadLettered: 1,
      duplicates: 2,
      destroyed: 1,
    })
  })

  test('have the longest recovery, from the messages sent after the fault', () => {
    const later = ['w1-21', 'c1-22', 'o1-23']
    const ledger = ledgerOf(['published', 'w1-20'], ['healed', 'reset'], ['done', 'w1-20'], ...later.flatMap(handled))
    // 2 ms until the first of them is sent; the last one's handler returns 13 ms later.
    expect(figuresOf(ledger).recoveryMs).toBe(15)
    expect(figuresOf(ledgerOf(['healed', 'reset'], ...handled('w1-21'))).recoveryMs).toBeUndefined()
  })

  test('of a part of the queues need no others', () => {
    const ledger = ledgerOf(['healed', 'kill', 'work'], ...handled('w1-1'))
    expect(figuresOf(ledger).recoveryMs).toBe(4)
  })
})

test('open are messages that nothing has come of yet', () => {
  const open = ledgerOf(
    ...blameless,
    ['published', 'w1-31'],
    ['confirmed', 'w1-31'],
    ['published', 'w1-32'],
    ['confirmed', 'w1-32'],
    ['dead', 'w1-32'],
    ['published', 'w1-33'],
  )
  expect(openMessages(open).map(({ id }) => id)).toEqual(['w1-31'])
})
