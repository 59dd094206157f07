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
  : [PairsOf<keyof T & string>] extends [never]
    ? undefined
    : PairsOf<keyof T & string>

/** Two keys of an object that are no patterns never overlap, so only patterns are looked at, each with all others. */
type PairsOf<Template extends string> = SentencesOf<Extract<Template, `${string}${'*' | '#'}${string}`>, Template>

type SentencesOf<Pattern extends string, Template extends string> = Pattern extends string
  ? SentenceOf<Pattern, TemplatesFor<Exclude<Template, Pattern>, Pattern>>
  : never

type SentenceOf<Pattern extends string, Other extends string> = Other extends string
  ? `a routing key can match both '${Pattern}' and '${Other}': make them differ, or say overlap: 'most-specific'`
  : never
