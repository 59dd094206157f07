import { describe, expect, test } from 'vitest'
import { compareSpecificity, matches, overlaps, wordsOf } from '../../src/contract/exchanges/routing-key.js'
import { TemplateRouter } from '../../src/contract/exchanges/template-router.js'

const match = (pattern: string, key: string): boolean => matches(wordsOf(pattern), wordsOf(key))
const overlap = (left: string, right: string): boolean => overlaps(wordsOf(left), wordsOf(right))

describe('a pattern', () => {
  test.for([
    ['order.created', 'order.created'],
    ['order.*', 'order.created'],
    ['#', ''],
    ['#', 'a.b.c'],
    ['audit.#', 'audit'],
    ['audit.#', 'audit.a.b'],
    ['#.shipped', 'order.eu.shipped'],
    ['a.#.b.#.c', 'a.x.b.b.y.c'],
    ['*.#.*', 'a.b'],
    ['#.#', ''],
    ['', ''],
    ['*', 'a'],
    ['a..b', 'a..b'],
  ] as const)('%s matches %s', ([pattern, key]) => expect(match(pattern, key)).toBe(true))

  test.for([
    ['order.*', 'order'],
    ['order.*', 'order.a.b'],
    ['order.created', 'order.create'],
    ['*', ''],
    ['*.#.*', 'a'],
    ['a.#.b', 'a.c'],
    ['audit.#', 'auditor'],
    ['', 'a'],
    ['a', ''],
  ] as const)('%s does not match %s', ([pattern, key]) => expect(match(pattern, key)).toBe(false))
})

test.for([
  ['order.#', 'order.created', true],
  ['order.#', '*.created', true],
  ['#.a', 'b.#', true],
  ['order.*.shipped', 'order.#', true],
  ['order.*.shipped', 'order.created', false],
  ['oder.#', 'order.#', false],
  ['a.*', 'a', false],
  ['#', '', true],
] as const)('%s and %s have a routing key in common: %s', ([left, right, expected]) => {
  expect(overlap(left, right)).toBe(expected)
  expect(overlap(right, left)).toBe(expected)
})

test('two patterns overlap just when some key matches both, and a pattern overlaps with every key it matches', () => {
  const words = ['a', 'b', '*', '#']
  const patterns = combinations(words, 3)
  const keys = combinations(['a', 'b', 'c'], 4)
  for (const left of patterns) {
    for (const right of patterns) {
      const shared = keys.some((key) => matches(left, key) && matches(right, key))
      expect([left, right, overlaps(left, right)]).toEqual([left, right, shared])
    }
  }
})

test('patterns of as many # as a routing key has room for are compared at once', () => {
  const many = '#.'.repeat(127)
  expect(overlap(`${many}a`, `${many}b`)).toBe(false)
  expect(overlap(`${many}a`, `a.${many}`)).toBe(false)
  expect(overlap(`${many}a`, `a.${many}a`)).toBe(true)
  expect(match(`${many}a`, 'b.'.repeat(126))).toBe(false)
})

test('the most specific template takes a key: the first word that differs decides', () => {
  const order = ['a.b', 'a.*', 'a.#', '*.b', '*', '#']
  expect(order.toReversed().sort((left, right) => compareSpecificity(wordsOf(left), wordsOf(right)))).toEqual(order)
  const router = new TemplateRouter(['#', 'a.#', 'a.*', 'a.b'])
  expect(['a.b', 'a.c', 'a', 'a.b.c', 'x'].map((key) => router.templateOf(key))).toEqual([
    'a.b',
    'a.*',
    'a.#',
    'a.#',
    '#',
  ])
  expect(new TemplateRouter(['a.*']).templateOf('b')).toBeUndefined()
})

/** All lists of up to so many of these. */
function combinations(words: readonly string[], most: number): string[][] {
  if (most === 0) return [[]]
  const shorter = combinations(words, most - 1)
  return [
    ...shorter,
    ...shorter.filter((list) => list.length === most - 1).flatMap((list) => words.map((w) => [...list, w])),
  ]
}
