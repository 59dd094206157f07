import { expect, test } from 'vitest'
import { duration, figure, renderTable } from '../src/table.js'

test('a table has columns as wide as they need, and no trailing blanks', () => {
  const columns = [
    { heading: 'what', align: 'left' },
    { heading: 'n', align: 'right' },
    { heading: 'met', align: 'left' },
  ] as const
  const rows = [
    ['a', '1,000', 'yes'],
    ['longer', '2', ''],
  ]
  expect(renderTable(columns, rows).split('\n')).toEqual([
    '  what         n   met',
    '  a        1,000   yes',
    '  longer       2',
  ])
})

test('figures show about three digits', () => {
  expect([123_456.7, 45.67, 1.234, 0.5].map(figure)).toEqual(['123,457', '45.7', '1.23', '0.50'])
})

test('durations have their unit, and what never happened says so', () => {
  expect([0.4, 133.4, 1_000, 43_210, Number.POSITIVE_INFINITY].map(duration)).toEqual([
    '0 ms',
    '133 ms',
    '1.00 s',
    '43.2 s',
    'never',
  ])
})
