import { expect, test } from 'vitest'
import { rowsOf } from '../src/latency/latency.js'

const samples = (...p50s: number[]) => p50s.map((p50Ms) => ({ p50Ms, p99Ms: 3, cpuMicros: p50Ms * 100 }))

test('the median of leveret may exceed that of the first client by 0.05 ms, round by round', () => {
  const judged = (...p50s: number[]) =>
    rowsOf(
      new Map([
        ['amqplib', samples(1, 2, 4)],
        ['leveret', samples(...p50s)],
      ]),
    ).map((row) => row.at(-1))
  expect(judged(1.03125, 2.03125, 9)).toEqual(['', 'p50 ≤ + 0.05 ms (0.03): met'])
  expect(judged(1, 2.125, 9)).toEqual(['', 'p50 ≤ + 0.05 ms (0.13): MISSED'])
})

test('a row has the medians of its rounds, and the ratio of CPU time to the first client', () => {
  const rows = rowsOf(
    new Map([
      ['first', samples(1, 2, 4)],
      ['other', samples(2, 4, 8)],
    ]),
  )
  expect(rows.map((row) => row.slice(0, 5))).toEqual([
    ['first', '2.00', '3.00', '200', '1.00'],
    ['other', '4.00', '3.00', '400', '2.00'],
  ])
})
