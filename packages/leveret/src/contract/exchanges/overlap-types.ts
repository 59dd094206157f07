import type { TemplatesFor } from './routing-key-types.js'
import type { Templates } from './templates.js'

/** What a message is whose routing key two templates match. */
export type OverlapPolicy = 'refuse' | 'most-specific'

/** `unknown` when no routing key can match two of the templates, or that is allowed; else what a caller reads in the compiler's error. */
export type OverlapProblem<T extends Templates, Policy extends OverlapPolicy> = 'most-specific' extends Policy
  ? unknown
  : OverlapVerdict<T> extends string
    ? OverlapVerdict<T>
    : unknown

/** `undefined` when there is no problem, as for `any`. So the compiler also lets a type parameter pass, of which it knows no more. */
type OverlapVerdict<T extends Templates> = [unknown] extends [T]
  ? undefined
  : OrUndefined<PairsOf<Ended<keyof T & string>, '', []>>

type OrUndefined<Problem> = [Problem] extends [never] ? undefined : Problem

/** A word after the last one, so that each template has one. */
type End = '\n'

type Ended<Template extends string> = Template extends '' ? End : `${Template}.${End}`

/** How many words the compiler looks at. What differs later only is left to run time. */
type MAX_WORDS = 8

/**
 * A sentence for each pair of templates that overlap. Those with the same first word are a group, in which the second words tell, and so on:
 * so most pairs of a long list are never looked at.
 *
 * @typeParam Rest - of the templates of a group, what follows after `Before`
 * @typeParam Words - one entry for each word of `Before`
 */
type PairsOf<Rest extends string, Before extends string, Words extends 0[]> = Words['length'] extends MAX_WORDS
  ? never
  : false extends IsAlone<Extract<Rest, Pattern>, Rest>
    ? PairsAmong<{ [R in Rest as HeadOf<R>]: TailOf<R> }, Rest, Before, [...Words, 0]>
    : never

type Pattern = `${string}${'*' | '#'}${string}`

/** Whether one is all there is; `never` for none. Two keys of an object that are no patterns never overlap. */
type IsAlone<One extends string, All extends string> = One extends string ? ([All] extends [One] ? true : false) : never

type HeadOf<Rest extends string> = Rest extends `${infer Head}.${string}` ? Head : Rest

type TailOf<Rest extends string> = Rest extends `${string}.${infer Tail}` ? Tail : never

type PairsAmong<Groups, Rest extends string, Before extends string, Words extends 0[]> =
  | { [Head in NameIn<Groups>]: PairsOf<Groups[Head] & string, `${Before}${Head}.`, Words> }[NameIn<Groups>]
  | ('*' extends keyof Groups ? PairsWith<Starred<Rest, '*'>, Exclude<Rest, Starred<Rest, '*' | '#'>>, Before> : never)
  | ('#' extends keyof Groups ? PairsWith<Starred<Rest, '#'>, Rest, Before> : never)

/** What begins with `#` is no group, because the words that follow may be anywhere. */
type NameIn<Groups> = Exclude<keyof Groups & string, '#'>

type Starred<Rest extends string, Star extends '*' | '#'> = Extract<Rest, `${Star}.${string}`>

type PairsWith<One extends string, Others extends string, Before extends string> = One extends string
  ? SentenceOf<NameOf<`${Before}${One}`>, NameOf<`${Before}${TemplatesFor<Exclude<Others, One>, One>}`>>
  : never

type NameOf<Whole extends string> = Whole extends `${infer Template}.${End}` ? Template : ''

/** Templates that are known only at run time are left to that. */
type SentenceOf<One extends string, Other extends string> =
  Record<never, never> extends Record<Other, 1>
    ? never
    : `a routing key can match both '${One}' and '${Other}': make them differ, or say overlap: 'most-specific'`
