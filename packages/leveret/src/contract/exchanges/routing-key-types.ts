/** The words of a routing key or pattern. One that may be empty, such as `string`, may be anything. */
type Words<Key extends string> = '' extends Key ? (Key extends '' ? [] : ['#']) : Split<Key>

type Split<Key extends string> = Key extends `${infer Head}.${infer Rest}`
  ? [...Known<Head>, ...Split<Rest>]
  : Known<Key>

/**
 * What is no literal, such as `eu-${string}`, is a word or, since it may hold dots, some. A literal is a key of its own record;
 * anything else, also a branded string, is an index signature.
 */
type Known<Word extends string> = Word extends string
  ? Record<never, never> extends Record<Word, 1>
    ? ['*', '#']
    : [Word]
  : never

/** Whether one routing key may match both patterns: the types' own {@link overlaps}. */
type Overlap<Left extends readonly string[], Right extends readonly string[]> = Left extends [
  '#',
  ...infer MoreLeft extends string[],
]
  ? Overlap<MoreLeft, Right> extends true
    ? true
    : Right extends [string, ...infer MoreRight extends string[]]
      ? Overlap<Left, MoreRight>
      : false
  : Right extends ['#', ...infer MoreRight extends string[]]
    ? Overlap<Left, MoreRight> extends true
      ? true
      : Left extends [string, ...infer MoreLeft extends string[]]
        ? Overlap<MoreLeft, Right>
        : false
    : Left extends [infer A extends string, ...infer MoreLeft extends string[]]
      ? Right extends [infer B extends string, ...infer MoreRight extends string[]]
        ? WordOverlap<A, B> extends true
          ? Overlap<MoreLeft, MoreRight>
          : false
        : false
      : Right extends []
        ? true
        : false

type WordOverlap<A extends string, B extends string> = '*' extends A | B ? true : A extends B ? true : false

/** Those of the templates of a topic exchange that have a routing key in common with this routing key or binding key. */
export type TemplatesFor<Template extends string, Key extends string> = Key extends string
  ? TemplatesForOne<Template, Words<Key>>
  : never

type TemplatesForOne<Template extends string, Pattern extends readonly string[]> = Template extends string
  ? Overlap<Words<Template>, Pattern> extends true
    ? Template
    : never
  : never

/** Those of the routing keys of a direct exchange that this routing key or binding key can be: there are no patterns. */
export type KeysFor<Template extends string, Key extends string> = Template extends string
  ? [Template & Key] extends [never]
    ? never
    : Template
  : never
