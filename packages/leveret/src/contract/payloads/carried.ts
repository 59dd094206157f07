import type { Issue } from '../../errors/issue.js'
import { OptionsError } from '../../errors/options-error.js'
import { builtInOf, type Codec } from './codec.js'
import type { Schema } from './schema.js'
import { tryReading } from './schema-plan.js'
import type { ZodReading } from './zod-reading.js'
import { isZod } from './zod-schema.js'

/** Kinds of values that leveret's other codecs carry. A value of an open kind may be one of them. */
const CARRIES = {
  text: { kinds: new Set(['string', 'template_literal', 'enum', 'literal', 'never']), value: 'a text' },
  bytes: { kinds: new Set(['binary', 'never']), value: 'a Uint8Array' },
} as const
/** Kinds that say nothing of the payload: there is none, or it may be anything. */
const UNDECIDED: ReadonlySet<string> = new Set(['open', 'undefined', 'void'])

/**
 * Checks that a codec carries the input of a schema, as far as the schema describes itself, which zod's schemas do. For
 * other schemas the first payload is checked.
 *
 * @param where - the contract, for the error
 * @param at - the option that holds the schema
 * @throws {@link OptionsError} naming each path, and what to write instead
 */
export function checkCarried(where: string, at: string, schema: Schema, codec: Codec): void {
  const reading = isZod(schema) ? tryReading(schema) : undefined
  const issues = reading === undefined ? [] : issuesOf(reading, codec)
  if (issues.length === 0) return
  const lines = issues.map(({ path, message }) => `${[at, ...path].join('.')}: ${message}`)
  throw new OptionsError(
    `${where}: ${lines.join('; ')}`,
    issues.map(({ path, message }) => ({ path: [at, ...path], message })),
  )
}

function issuesOf({ problems, kinds }: ZodReading, codec: Codec): readonly Issue[] {
  const name = builtInOf(codec)
  if (name === undefined) return []
  if (name === 'json') return problems
  const { kinds: carried, value } = CARRIES[name]
  const others = [...kinds].filter((kind) => !carried.has(kind) && !UNDECIDED.has(kind))
  if (others.length === 0) return []
  return [
    {
      path: [],
      message: `the codec \`${name}\` carries ${value} only, not ${others.join(' or ')}: use \`json\`, or a codec of your own`,
    },
  ]
}
