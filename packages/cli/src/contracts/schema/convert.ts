import type { Codec, Schema } from 'leveret'
import { z } from 'zod'
import type { JsonSchema } from './json-schema.js'

/** A schema that a contract has and that has no form in JSON Schema. */
export class UnrepresentableError extends Error {
  override readonly name = 'UnrepresentableError'
}

/** Options of the conversion. */
export interface ConversionOptions {
  /**
   * The answer to a part that JSON Schema cannot say: an error that names it, or a schema that takes any value.
   * @defaultValue 'throw'
   */
  readonly unrepresentable?: 'throw' | 'any' | undefined
}

/** Standard JSON Schema, as far as it is asked. @see https://standardschema.dev/json-schema */
interface Converting {
  readonly '~standard': {
    readonly vendor: string
    readonly jsonSchema?: { input(options: { target: string; libraryOptions?: Record<string, unknown> }): object }
  }
}

const TARGET = 'draft-07'
const NO_CONTENT: JsonSchema = { type: 'null', description: 'No content.' }

/**
 * The JSON Schema of what is on the wire: the schema's input, so that transforms are not in it.
 *
 * @param where - the contract and its part, for the error
 * @throws {@link UnrepresentableError} naming the part that has no form, and the way out
 */
export function jsonSchemaOf(schema: Schema, codec: Codec, where: string, options: ConversionOptions = {}): JsonSchema {
  if (isEmpty(schema)) return NO_CONTENT
  // What is no JSON on the wire has no other description than its content type.
  const any = options.unrepresentable === 'any' || !/json/i.test(codec.contentType)
  const problems: string[] = []
  const { $schema: _dialect, ...converted } = convert(schema, where, (path, type) =>
    problems.push(`${path || 'the value itself'} (${type})`),
  )
  if (problems.length === 0 || any) return converted
  throw new UnrepresentableError(
    `${where}: JSON Schema has no form for ${problems.join(', ')}. Say what is on the wire, for example z.iso.datetime() for a date, ` +
      'or take any value there: --unrepresentable any',
  )
}

type Tell = (path: string, type: string) => void

function convert(schema: Schema, where: string, tell: Tell): Record<string, unknown> {
  const { vendor, jsonSchema } = (schema as unknown as Converting)['~standard']
  try {
    if (vendor === 'zod') return convertZod(schema, tell)
    if (jsonSchema !== undefined) return { ...jsonSchema.input({ target: TARGET }) }
  } catch (cause) {
    throw new UnrepresentableError(`${where}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
  throw new UnrepresentableError(
    `${where}: the schema of '${vendor}' does not say how it looks as JSON Schema (Standard JSON Schema, ~standard.jsonSchema)`,
  )
}

/** Types of zod that no JSON value is of. A custom type is a guess about any value. */
const WITHOUT_FORM = new Set([
  'date',
  'bigint',
  'symbol',
  'undefined',
  'void',
  'nan',
  'map',
  'set',
  'function',
  'custom',
])

interface Override {
  readonly zodSchema: { readonly _zod: { readonly def: { readonly type: string } } }
  /** The place in the schema. Before zod 4.1 it is not told. */
  readonly path?: readonly (string | number)[]
}

/** zod says that something has no form, and not where: so it takes any value there, and each is noted. */
function convertZod(schema: Schema, tell: Tell): Record<string, unknown> {
  const override = ({ zodSchema, path = [] }: Override): void => {
    const { type } = zodSchema._zod.def
    if (WITHOUT_FORM.has(type)) tell(readable(path), type)
  }
  const made = z.toJSONSchema(schema as unknown as z.ZodType, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override: override as never,
  })
  const { '~standard': _validation, ...plain } = made as Record<string, unknown>
  return plain
}

/** `properties.lines.items.at` is `lines[].at`. */
function readable(path: readonly (string | number)[]): string {
  const words: string[] = []
  let isName = false
  for (const part of path) {
    if (isName) words.push(`.${part}`)
    else if (part === 'items') words.push('[]')
    isName = !isName && part === 'properties'
  }
  return words.join('').replace(/^\./, '')
}

/** Whether nothing but no content passes, which JSON Schema cannot say. */
function isEmpty(schema: Schema): boolean {
  const { def } = (schema as unknown as { _zod?: { def?: { type?: string } } })._zod ?? {}
  return def?.type === 'void' || def?.type === 'undefined'
}
