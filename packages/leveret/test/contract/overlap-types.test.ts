import { expect, expectTypeOf, test } from 'vitest'
import type { OverlapProblem } from '../../src/contract/exchanges/overlap-types.js'
import { overlaps, wordsOf } from '../../src/contract/exchanges/routing-key.js'
import type { KeysFor, TemplatesFor } from '../../src/contract/exchanges/routing-key-types.js'
import type { Schema } from '../../src/contract/payloads/schema.js'

/** Two patterns, and whether a routing key can match both. The compiler and the program must come to the same. */
const CASES = [
  ['', '', true],
  ['', '#', true],
  ['', '*', false],
  ['', 'a', false],
  ['', '.', false],
  ['', '#.#', true],
  ['#', '#', true],
  ['#', '*', true],
  ['#', 'a', true],
  ['#', 'a.b.c', true],
  ['#', '#.a', true],
  ['*', '*', true],
  ['*', 'a', true],
  ['*', 'a.b', false],
  ['*', '*.*', false],
  ['*', '#.*', true],
  ['*', '#.*.*', false],
  ['*', 'a.#', true],
  ['*', 'a.#.b', false],
  ['a', 'a', true],
  ['a', 'b', false],
  ['a', 'A', false],
  ['a', 'ab', false],
  ['a', 'a.', false],
  ['a', '.a', false],
  ['a', 'a.#', true],
  ['a', '#.a', true],
  ['a', '#.a.#', true],
  ['a', '#.b.#', false],
  ['.', '*.*', true],
  ['.', '#.', true],
  ['a.', 'a.*', true],
  ['a.', 'a.#.b', false],
  ['a..b', 'a.*.b', true],
  ['a..b', 'a.b', false],
  ['a..b', 'a.#.b', true],
  ['a*', '*', true],
  ['a*', 'ab', false],
  ['a#', 'ab', false],
  ['a.b', 'a.b', true],
  ['a.b', 'a.*', true],
  ['a.b', '*.b', true],
  ['a.b', 'b.*', false],
  ['a.*', '*.b', true],
  ['a.*', 'b.*', false],
  ['a.#', '#.b', true],
  ['a.#', 'b.#', false],
  ['#.a', '#.b', false],
  ['#.a', '#.*', true],
  ['#.a', 'b.#', true],
  ['#.a.b', 'a.#', true],
  ['#.a.#', '#.b.#', true],
  ['#.a.#', 'b.*', true],
  ['#.a.#', 'b.c', false],
  ['a.#.b', 'a.b', true],
  ['a.#.b', 'a.c.d', false],
  ['a.#.b', '*.*.*', true],
  ['a.#.b', 'a.#.c', false],
  ['a.#.b', '#.c.#', true],
  ['a.#.b.#.c', 'a.b.c', true],
  ['a.#.b.#.c', 'a.x.b.b.y.c', true],
  ['a.#.b.#.c', 'a.x.y.c', false],
  ['a.#.b.#.c', '*.c', false],
  ['a.#.b.#.c', '#.d.#', true],
  ['*.#.*', 'a', false],
  ['*.#.*', 'a.b', true],
  ['*.#.*', '#.a.#', true],
  ['#.#.#', '', true],
  ['#.*.#', '', false],
  ['order.*.shipped', 'order.#', true],
  ['order.*.shipped', 'order.created', false],
  ['order.*.shipped', 'oder.#', false],
  ['#.#.#.#.#.#.#.#.a', '#.#.#.#.#.#.#.#.b', false],
  ['#.a.#.a.#.a.#.a.#', 'a.#.b.#.a.b.a.b.a', true],
  ['#.a.#.a.#.a.#.a', 'a.b.a.b.a.b', false],
] as const

type Table = readonly (readonly [string, string, boolean])[]
type Expected<T extends Table> = { [At in keyof T]: T[At][2] }
type Found<T extends Table> = { [At in keyof T]: Overlaps<T[At][0], T[At][1]> }
type FoundReversed<T extends Table> = { [At in keyof T]: Overlaps<T[At][1], T[At][0]> }
type Overlaps<Left extends string, Right extends string> = [TemplatesFor<Left, Right>] extends [never] ? false : true

test('the types and the program agree on which patterns overlap, either way round', () => {
  for (const [left, right, expected] of CASES) {
    expect([left, right, overlaps(wordsOf(left), wordsOf(right))]).toEqual([left, right, expected])
    expect([right, left, overlaps(wordsOf(right), wordsOf(left))]).toEqual([right, left, expected])
  }
  expectTypeOf<Found<typeof CASES>>().toEqualTypeOf<Expected<typeof CASES>>()
  expectTypeOf<FoundReversed<typeof CASES>>().toEqualTypeOf<Expected<typeof CASES>>()
})

type Refused<T extends Table> = { [At in keyof T]: IsRefused<T[At][0], T[At][1]> }
type IsRefused<Left extends string, Right extends string> =
  unknown extends OverlapProblem<Record<Left | Right, Schema>, 'refuse'> ? false : true
/** Twice the same is one template. */
type ExpectedRefused<T extends Table> = { [At in keyof T]: T[At][0] extends T[At][1] ? false : T[At][2] }

test('the compiler refuses two templates of a topic exchange exactly when they overlap', () => {
  expectTypeOf<Refused<typeof CASES>>().toEqualTypeOf<ExpectedRefused<typeof CASES>>()
  type Allowed = OverlapProblem<{ 'a.*': Schema; 'a.b': Schema }, 'most-specific'>
  expectTypeOf<Allowed>().toEqualTypeOf<unknown>()
  type Deep = OverlapProblem<{ [Key in `x.y.${'a' | '*' | 'b.#' | 'b'}`]: Schema }, 'refuse'>
  type Both<
    Left extends string,
    Right extends string,
  > = `a routing key can match both '${Left}' and '${Right}': make them differ, or set overlap: 'most-specific'`
  expectTypeOf<Deep>().toEqualTypeOf<
    Both<'x.y.*', 'x.y.a'> | Both<'x.y.*', 'x.y.b'> | Both<'x.y.*', 'x.y.b.#'> | Both<'x.y.b.#', 'x.y.b'>
  >()
})

type Shop = 'order.created' | 'order.*.shipped' | 'audit.#'
type Brand = string & { readonly brand: 'key' }

test('a key that is not known at compile time may be whatever it can become', () => {
  expectTypeOf<TemplatesFor<Shop, string>>().toEqualTypeOf<Shop>()
  expectTypeOf<TemplatesFor<Shop, Brand>>().toEqualTypeOf<Shop>()
  expectTypeOf<TemplatesFor<Shop, `order.${string}`>>().toEqualTypeOf<'order.created' | 'order.*.shipped'>()
  expectTypeOf<TemplatesFor<Shop, `order.${string}.shipped`>>().toEqualTypeOf<'order.*.shipped'>()
  expectTypeOf<TemplatesFor<Shop, `order.${Brand}.shipped`>>().toEqualTypeOf<'order.*.shipped'>()
  expectTypeOf<TemplatesFor<Shop, `order.${number}.shipped`>>().toEqualTypeOf<'order.*.shipped'>()
  expectTypeOf<TemplatesFor<Shop, `order.${'eu' | 'us'}.shipped`>>().toEqualTypeOf<'order.*.shipped'>()
  expectTypeOf<TemplatesFor<Shop, `audit.${'a' | `b${string}`}`>>().toEqualTypeOf<'audit.#'>()
  expectTypeOf<TemplatesFor<Shop, `oder.${string}`>>().toEqualTypeOf<never>()
  expectTypeOf<TemplatesFor<string, 'a'>>().toEqualTypeOf<string>()
  expectTypeOf<TemplatesFor<'a.b', `a.${'b' | `c${string}`}`>>().toEqualTypeOf<'a.b'>()
  // It may hold dots, and be empty: then there is an empty word, not none.
  expectTypeOf<TemplatesFor<'a.*.*.b' | 'a.*' | 'a.b', `a.${string}.b`>>().toEqualTypeOf<'a.*.*.b'>()
  expectTypeOf<TemplatesFor<'', string>>().toEqualTypeOf<''>()
})

test('a direct exchange knows no patterns', () => {
  expectTypeOf<KeysFor<'info' | 'error' | '*' | 'a.b', 'error'>>().toEqualTypeOf<'error'>()
  expectTypeOf<KeysFor<'info' | 'error' | '*' | 'a.b', '*' | 'a.*' | '#'>>().toEqualTypeOf<'*'>()
  expectTypeOf<KeysFor<'info' | 'error', string>>().toEqualTypeOf<'info' | 'error'>()
  expectTypeOf<KeysFor<'info' | 'error', Brand>>().toEqualTypeOf<'info' | 'error'>()
  expectTypeOf<KeysFor<'log-a' | 'log-b' | 'c', `log-${string}`>>().toEqualTypeOf<'log-a' | 'log-b'>()
})
