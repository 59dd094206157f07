import type { Codec, Schema } from 'leveret'
import { z } from 'zod'
import type { JsonSchema } from './json-schema.js'

/** The error for a schema of a contract that has no form in JSON Schema. */
export class UnrepresentableError extends Error {
  override readonly name = 'UnrepresentableError'
}

/** Options of the conversion. */
export interface ConversionOptions {
  /**
   * The treatment of a part that JSON Schema cannot express: an error that names it, or a schema that takes any value.
   * @defaultValue 'throw'
   */
  readonly unrepresentable?: 'throw' | 'any' | undefined
}

/** The part of Standard JSON Schema that is used here. @see https://standardschema.dev/json-schema */
interface Converting {
  readonly '~standard': {
    readonly vendor: string
    readonly jsonSchema?: { input(options: { target: string; libraryOptions?: Record<string, unknown> }): object }
  }
}

const TARGET = 'draft-07'
const NO_CONTENT: JsonSchema = { type: 'null', description: 'No content.' }

/**
 * Returns the JSON Schema of the content on the wire. That is the schema's input, without transforms.
 *
 * @param where - the contract and its part, for the error
 * @throws {@link UnrepresentableError} naming the part that has no form, and the remedy
 */
export function jsonSchemaOf(schema: Schema, codec: Codec, where: string, options: ConversionOptions = {}): JsonSchema {
  if (isEmpty(schema)) return NO_CONTENT
  // Content that is not JSON has no other description than its content type.
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

/** Types of zod that no JSON value has. A custom type may be any value. */
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
  /** The path in the schema. Versions before zod 4.1 do not report it. */
  readonly path?: readonly (string | number)[]
}

/**
 * Converts a zod schema. zod reports that a part has no form, but not which one. So such a part takes any value here,
 * and each one is noted.
 */
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

/** Makes a path readable: `lines[].at` for `properties.lines.items.at`. */
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

/** Whether only absent content passes, which JSON Schema cannot express. */
function isEmpty(schema: Schema): boolean {
  const { def } = (schema as unknown as { _zod?: { def?: { type?: string } } })._zod ?? {}
  return def?.type === 'void' || def?.type === 'undefined'
}
