import type { CodecName, CodecOption } from '../payloads/codec.js'
import type { Schema, SchemaInput } from '../payloads/schema.js'
import type { Templates } from './templates.js'

/** What carries a value: the body of a message as JSON, or its headers. */
type Carrier = 'JSON' | 'a header'

type Primitive = string | number | boolean | null | Empty

type Empty = ReturnType<() => void> | undefined

/** How one type is carried: `list` and `table` by what is in them, `never` as it is; else the name of what cannot be. */
type KindOf<T, C extends Carrier> = T extends Primitive
  ? never
  : T extends bigint
    ? Extract<C, 'JSON'> extends never
      ? never
      : 'bigint'
    : T extends symbol
      ? 'symbol'
      : T extends Date
        ? 'Date'
        : T extends (...args: never) => unknown
          ? 'function'
          : T extends readonly unknown[]
            ? 'list'
            : KindOfObject<T, C>

type KindOfObject<T, C extends Carrier> =
  T extends ReadonlyMap<unknown, unknown>
    ? 'Map'
    : T extends ReadonlySet<unknown>
      ? 'Set'
      : T extends ArrayBufferView | ArrayBuffer
        ? [C, T] extends ['a header', Buffer]
          ? never
          : 'Uint8Array'
        : T extends PromiseLike<unknown>
          ? 'promise'
          : T extends { arrayBuffer(): PromiseLike<ArrayBuffer> }
            ? 'file'
            : [C, T] extends ['JSON', { toJSON(): unknown }]
              ? never
              : 'table'

/** A list may be as long as it likes: what it has is looked at once. That of a tuple may be left out. */
type HoleIn<T extends readonly unknown[]> = number extends T['length']
  ? unknown extends T[number]
    ? never
    : undefined extends T[number]
      ? 'undefined in an array'
      : never
  : never

/** How deep the compiler looks into a payload. What is deeper is left to the first message. */
type MAX_DEPTH = 8
/** How many names of a path it says. */
type MAX_PATH = 5

/**
 * The kinds of what cannot be carried in a type. Without paths, so that the compiler looks at each type once, however often a recursive one
 * names it.
 */
type OddIn<T, C extends Carrier, Depth extends 0[] = []> = unknown extends T
  ? never
  : Depth['length'] extends MAX_DEPTH
    ? never
    : T extends Primitive
      ? never
      : OddOf<T, C, KindOf<T, C>, Depth>

type OddOf<T, C extends Carrier, Kind, Depth extends 0[]> = [Kind] extends [never]
  ? never
  : Kind extends 'list'
    ? T extends readonly unknown[]
      ? HoleIn<T> | OddIn<T[number], C, [...Depth, 0]>
      : never
    : Kind extends 'table'
      ? { [K in keyof T & (string | number)]: OddIn<T[K], C, [...Depth, 0]> }[keyof T & (string | number)]
      : Kind

interface WayOut {
  readonly Date: ': take text, as z.iso.datetime() does'
  readonly bigint: ': take text, as z.string() does'
  readonly Map: ': take an object, as z.record() does'
  readonly Set: ': take an array, as z.array() does'
  readonly symbol: ': take text'
  readonly promise: ': wait for it before'
  readonly Uint8Array: ': take text, as z.base64() does, or use the codec bytes'
  readonly file: ': take text, as z.base64() does, or use the codec bytes'
  readonly 'undefined in an array': ': take null, as .nullable() does'
}

type Sentence<
  C extends Carrier,
  Path extends string,
  Kind extends string,
> = `${C} carries no ${Kind}, which ${Path} takes${Kind extends keyof WayOut ? (C extends 'JSON' ? WayOut[Kind] : '') : ''}`

type NameOf<K extends string | number> = string extends K ? '{}' : number extends K ? '{}' : `${K}`

/** A sentence for each part of a type that cannot be carried. */
type ProblemsOf<T, C extends Carrier, Path extends string, Depth extends 0[] = []> = [OddIn<T, C>] extends [never]
  ? never
  : Depth['length'] extends MAX_PATH
    ? Sentence<C, `a part of ${Path}`, OddIn<T, C>>
    : T extends unknown
      ? ProblemsIn<T, C, Path, KindOf<T, C>, Depth>
      : never

type ProblemsIn<T, C extends Carrier, Path extends string, Kind extends string, Depth extends 0[]> = [Kind] extends [
  never,
]
  ? never
  : Kind extends 'list'
    ? T extends readonly unknown[]
      ? HoleSentence<HoleIn<T>, C, Path> | ProblemsOf<T[number], C, `${Path}.[]`, [...Depth, 0]>
      : never
    : Kind extends 'table'
      ? {
          [K in keyof T & (string | number)]: ProblemsOf<T[K], C, `${Path}.${NameOf<K>}`, [...Depth, 0]>
        }[keyof T & (string | number)]
      : Sentence<C, Path, Kind>

type HoleSentence<Hole extends string, C extends Carrier, Path extends string> = [Hole] extends [never]
  ? never
  : Sentence<C, Path, Hole>

/**
 * Options, of which only the codec matters here. Its content type is inferred apart from the rest of the codec, so the compiler knows that there
 * is one also where it cannot infer it, because a function in it has parameters without types.
 */
export interface GivenCodec<ContentType> {
  readonly codec?:
    | { readonly contentType?: ContentType; readonly 0?: { readonly contentType?: ContentType } }
    | undefined
}

/** The name of a contract's codec, which is `json` where none was given; `string` for one that is not leveret's own. */
type CodecNameOf<C extends CodecOption, ContentType> = [unknown] extends [ContentType]
  ? 'json'
  : (C extends readonly [infer First, ...unknown[]] ? First : C) extends {
        readonly encode: { readonly codec?: infer Name }
      }
    ? CodecName extends Name
      ? string
      : Name & string
    : string

/**
 * `undefined` where there is no problem, as for `any`. So the compiler also lets a type parameter pass, of which it knows no more: a generic
 * function may make contracts of the schemas that it is given.
 */
type OrUndefined<T, Problem> = [unknown] extends [T] ? undefined : [Problem] extends [never] ? undefined : Problem

type VerdictOf<T, Codec extends string, Path extends string> = Codec extends 'json'
  ? OrUndefined<T, ProblemsOf<T, 'JSON', Path>>
  : Codec extends 'text'
    ? OnlyVerdict<T, string, `the codec text carries strings only, and ${Path} is another type: use json`>
    : Codec extends 'bytes'
      ? OnlyVerdict<T, Uint8Array, `the codec bytes carries a Uint8Array only, and ${Path} is another type: use json`>
      : undefined

type OnlyVerdict<T, Carried, Problem extends string> = OrUndefined<
  T,
  [Exclude<T, Carried | Empty>] extends [never] ? never : Problem
>

/** `unknown` when the codec carries what the schema takes; else what a caller reads in the compiler's error. */
export type PayloadProblem<S extends Schema, C extends CodecOption, ContentType, Option extends string = 'payload'> =
  VerdictOf<SchemaInput<S>, CodecNameOf<C, ContentType>, Option> extends string
    ? { readonly [name in Option]: VerdictOf<SchemaInput<S>, CodecNameOf<C, ContentType>, Option> }
    : unknown

/** The same for the schemas of an exchange, or of the errors of a procedure. */
export type SchemasProblem<T extends Templates, C extends CodecOption = CodecOption, ContentType = unknown> =
  OrUndefined<T, OddKeys<T, CodecNameOf<C, ContentType>>> extends string
    ? {
        readonly [K in OddKeys<T, CodecNameOf<C, ContentType>>]: VerdictOf<
          SchemaInput<T[K]>,
          CodecNameOf<C, ContentType>,
          'payload'
        >
      }
    : unknown

type OddKeys<T extends Templates, Codec extends string> = {
  [K in keyof T & string]: VerdictOf<SchemaInput<T[K]>, Codec, 'payload'> extends string ? K : never
}[keyof T & string]

/** The same for the headers of an exchange's messages. */
export type HeadersProblem<H extends Schema> =
  HeadersVerdict<SchemaInput<H>> extends string ? { readonly headers: HeadersVerdict<SchemaInput<H>> } : unknown

type HeadersVerdict<T> = OrUndefined<T, ProblemsOf<T, 'a header', 'headers'>>
