import { expect, test } from 'vitest'
import { lines } from '../src/work/payload.js'
import { columnsOf, rowsOf } from '../src/work/summary.js'

const MIB = 1024 * 1024

/** Rounds of one client: how long each took, with the same CPU time in each. */
const costsOf = (cpuSeconds: number, ...seconds: number[]) =>
  seconds.map((each, round) => ({ seconds: each, cpuSeconds, grownBytes: round * MIB }))

const measured = [
  { client: 'first', costs: costsOf(0.01, 1, 2, 4) },
  { client: 'leveret', costs: costsOf(0.03, 2, 4, 8) },
]
const one = { queue: 'quorum', payload: lines(3), atOnce: 64, messages: 1_000 } as const

test('a case has one row a client, with ratios to the first', () => {
  expect(columnsOf({ atOnce: 'window' }).map(({ heading }) => heading)).toEqual([
    'queue',
    'payload',
    'bytes',
    'window',
    'client',
    'messages/s',
    'ratio',
    'CPU µs/message',
    'ratio',
    'RSS + MiB',
    'target',
  ])
  expect(rowsOf(one, measured)).toEqual([
    ['quorum', '3 lines', '404', '64', 'first', '500', '1.00', '10.0', '1.00', '1.0', ''],
    ['quorum', '3 lines', '404', '64', 'leveret', '250', '0.50', '30.0', '3.00', '1.0', ''],
  ])
})

test('a target is judged for leveret alone', () => {
  const targets = rowsOf({ ...one, targets: [{ rate: 0.5, cpu: 2 }] }, measured).map((row) => row.at(-1))
  expect(targets).toEqual(['', '≥ 0.50, CPU ≤ 2.00: MISSED CPU ≤ 2.00'])
})

test('a target may be beside another client of the same rounds, and shows the ratio to it', () => {
  const zod = { client: 'amqplib + zod', costs: costsOf(0.04, 4, 2, 8) }
  const targets = [{ rate: 0.5 }, { rate: 1, cpu: 0.7, beside: 'amqplib + zod' }]
  const [, , judged] = rowsOf({ ...one, targets }, [...measured.slice(0, 1), zod, ...measured.slice(1)])
  const wanted = ['≥ 0.50', '≥ 1.00 of amqplib + zod (1.00)', 'CPU ≤ 0.70 of amqplib + zod (0.75)']
  expect(judged?.at(-1)).toBe(`${wanted.join(', ')}: MISSED ${wanted[2]}`)
  expect(() => rowsOf({ ...one, targets }, measured)).toThrow('beside amqplib + zod, which takes no part')
})
