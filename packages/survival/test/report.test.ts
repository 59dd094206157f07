import { describe, expect, test } from 'vitest'
import { invariants } from '../src/invariants.js'
import { figuresOf } from '../src/ledger/account.js'
import { closingLine, reportOf, verdictLine } from '../src/report.js'
import { isSurvived, type Verdict } from '../src/run.js'
import { blameless, ledgerOf } from './entries.js'

const setting = { versions: 'RabbitMQ 4.3.6', seed: 5, command: 'npm run survival', minutes: 2, defects: '' }
const none = new Map(invariants.map(({ name }) => [name, []]))
const figures = figuresOf(ledgerOf(...blameless))
const survived: Verdict = { fault: 'reset', breaches: none, figures, warnings: [] }
const lost: Verdict = {
  ...survived,
  fault: 'kill',
  breaches: new Map([...none, ['kept', ['w1-1 is lost', 'w1-2 is lost']]]),
}
const skipped: Verdict = { fault: 'pause', skipped: 'it cannot be', breaches: new Map(), warnings: [] }
const broken: Verdict = { ...survived, fault: 'fin', broken: 'Error: The client ended' }

describe('a report', () => {
  test('has a row of each fault that was done, in both tables', () => {
    const text = reportOf(setting, [survived, lost, skipped])
    const rows = text.split('\n').filter((line) => line.startsWith('| reset |') || line.startsWith('| kill |'))
    const ticks = (count: number): string => ' ✓ |'.repeat(count)
    expect(rows.slice(0, 2)).toEqual([
      `| reset |${ticks(invariants.length)}`,
      `| kill | **✗ 2** |${ticks(invariants.length - 1)}`,
    ])
    expect(rows).toHaveLength(4)
    expect(rows[2]).toMatch(/^\| reset \| 1 \| 11 \| 11 \| 0 \|/)
  })

  test('says what did not hold, what was not done, and what it belongs to', () => {
    const text = reportOf({ ...setting, defects: '## Defects\n\nNone.' }, [survived, lost, skipped])
    expect(text).toContain('- kill, kept: w1-1 is lost')
    expect(text).toContain('- pause: it cannot be')
    expect(text).toContain('RabbitMQ 4.3.6')
    expect(text).toContain('Seed 5, `npm run survival`, 2.0 minutes')
    expect(text).toContain('\n\n## Defects\n\nNone.\n')
  })

  test('has no such section when all held', () => {
    expect(reportOf(setting, [survived])).not.toMatch(/What did not hold|Not done here/)
  })
})

test('only what held to its end counts as survived', () => {
  expect([survived, lost, skipped, broken].map(isSurvived)).toEqual([true, false, true, false])
  expect(closingLine([survived, skipped])).toBe('All 1 were survived. 1 could not be done here.')
  expect(closingLine([survived, lost, broken])).toBe('NOT SURVIVED: kill, fin, of 3.')
})

test('each fault has a line, with its breaches below it', () => {
  expect(verdictLine(survived)).toMatch(
    /^✓ reset: 11 published, 11 confirmed, 11 handled, 0 dead-lettered, 0 duplicates, recovery in \d+ ms$/,
  )
  expect(verdictLine(lost).split('\n')).toEqual([
    expect.stringMatching(/^✗ kill/),
    '  - kill, kept: w1-1 is lost',
    '  - kill, kept: w1-2 is lost',
  ])
  expect(verdictLine(broken)).toContain('fin did not end: Error: The client ended')
  expect(verdictLine(skipped)).toBe('- pause: not done, it cannot be')
})
