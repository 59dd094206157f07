import type { TemplatesFor } from './routing-key-types.js'
import type { Templates } from './templates.js'

/** Rule for a routing key that two templates match. */
export type OverlapPolicy = 'refuse' | 'most-specific'

/**
 * `unknown` if no routing key can match two of the templates, or that is allowed; else the text of the compiler's
 * error.
 */
export type OverlapProblem<T extends Templates, Policy extends OverlapPolicy> = 'most-specific' extends Policy
  ? unknown
  : OverlapVerdict<T> extends string
    ? OverlapVerdict<T>
    : unknown

/**
 * The problem, or `undefined` if there is none, as for `any`. So the compiler accepts a type parameter, about which it
 * knows no more.
 */
type OverlapVerdict<T extends Templates> = [unknown] extends [T]
  ? undefined
  : OrUndefined<PairsOf<Ended<keyof T & string>, '', []>>

type OrUndefined<Problem> = [Problem] extends [never] ? undefined : Problem

/** A word after the last one, so that the end of a template is a word too. */
type End = '\n'

type Ended<Template extends string> = Template extends '' ? End : `${Template}.${End}`

/** How many words the compiler checks. A difference in later words is checked at run time. */
type MAX_WORDS = 8

/**
 * A sentence for each pair of templates that overlap. Templates with the same first word are a group, in which the
 * second words decide, and so on. So most pairs of a long list are never compared.
 *
 * @typeParam Rest - the part after `Before` of each template of a group
 * @typeParam Words - one entry for each word of `Before`
 */
type PairsOf<Rest extends string, Before extends string, Words extends 0[]> = Words['length'] extends MAX_WORDS
  ? never
  : false extends IsAlone<Extract<Rest, Pattern>, Rest>
    ? PairsAmong<{ [R in Rest as HeadOf<R>]: TailOf<R> }, Rest, Before, [...Words, 0]>
    : never

type Pattern = `${string}${'*' | '#'}${string}`

/** Whether there is only one; `never` for none. Two keys of an object that are no patterns never overlap. */
type IsAlone<One extends string, All extends string> = One extends string ? ([All] extends [One] ? true : false) : never

type HeadOf<Rest extends string> = Rest extends `${infer Head}.${string}` ? Head : Rest

type TailOf<Rest extends string> = Rest extends `${string}.${infer Tail}` ? Tail : never

type PairsAmong<Groups, Rest extends string, Before extends string, Words extends 0[]> =
  | { [Head in NameIn<Groups>]: PairsOf<Groups[Head] & string, `${Before}${Head}.`, Words> }[NameIn<Groups>]
  | ('*' extends keyof Groups ? PairsWith<Starred<Rest, '*'>, Exclude<Rest, Starred<Rest, '*' | '#'>>, Before> : never)
  | ('#' extends keyof Groups ? PairsWith<Starred<Rest, '#'>, Rest, Before> : never)

/** First words that make a group. `#` makes none, because the words after it may stand anywhere. */
type NameIn<Groups> = Exclude<keyof Groups & string, '#'>

type Starred<Rest extends string, Star extends '*' | '#'> = Extract<Rest, `${Star}.${string}`>

type PairsWith<One extends string, Others extends string, Before extends string> = One extends string
  ? SentenceOf<NameOf<`${Before}${One}`>, NameOf<`${Before}${TemplatesFor<Exclude<Others, One>, One>}`>>
  : never

type NameOf<Whole extends string> = Whole extends `${infer Template}.${End}` ? Template : ''

/** The sentence for a pair. Templates that are known only at run time are checked then. */
type SentenceOf<One extends string, Other extends string> =
  Record<never, never> extends Record<Other, 1>
    ? never
    : `a routing key can match both '${One}' and '${Other}': make them differ, or set overlap: 'most-specific'`
