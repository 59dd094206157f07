import { test as onBroker } from '@leveret/testing/vitest'
import { describe, expect, test } from 'vitest'
import { isConnectionStart, listeningAt } from '../src/recovery/listening.js'
import { closingLine, findingRow, isMet } from '../src/recovery/target.js'

const target = { medianMs: 300, maxMs: 1_000 }
const finding = (...samplesMs: number[]) => ({ what: 'reset', samplesMs, target })

describe('a target', () => {
  test('is met when the median and the worst are within it', () => {
    expect(isMet(finding(100, 300, 1_000))).toBe(true)
    expect(isMet(finding(100, 301, 1_000))).toBe(false)
    expect(isMet(finding(100, 300, 1_001))).toBe(false)
  })

  test('is missed by what never happened, even where no worst is named', () => {
    expect(isMet({ what: 'restart', samplesMs: [1, 2, Number.POSITIVE_INFINITY], target: { medianMs: 1_000 } })).toBe(
      false,
    )
  })

  test('is neither met nor missed where nothing was measured', () => {
    expect(isMet(finding())).toBeUndefined()
    expect(findingRow(finding())).toEqual(['reset', '0', '-', '-', 'median ≤ 300 ms, max ≤ 1.00 s', 'not measured'])
  })
})

test('a finding is one row', () => {
  expect(findingRow(finding(100, 200, 1_500))).toEqual([
    'reset',
    '3',
    '200 ms',
    '1.50 s',
    'median ≤ 300 ms, max ≤ 1.00 s',
    'NO',
  ])
})

test('the closing line names what was missed, and says what could not be measured', () => {
  expect(closingLine([finding(1)])).toBe('Every target that was measured is met.')
  expect(closingLine([finding(1), finding(2_000), finding()])).toBe(
    'MISSED 1 of 3 targets: reset. 1 of 3 could not be measured here.',
  )
})

describe('a broker listens', () => {
  test('when it answers the protocol header with connection.start, and with nothing else', () => {
    const start = Buffer.from([1, 0, 0, 0, 0, 1, 0xf4, 0, 10, 0, 10, 0, 9])
    expect(isConnectionStart(start)).toBe(true)
    expect(isConnectionStart(start.subarray(0, 10))).toBeUndefined()
    expect(isConnectionStart(Buffer.from('AMQP\x00\x00\x09\x01 and more'))).toBe(false)
  })

  onBroker('which a running one does at once', async ({ broker }) => {
    expect(await listeningAt(broker.url)).toBeLessThanOrEqual(performance.now())
  })
})
