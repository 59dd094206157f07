import type { z } from 'zod'

/** Facts that a zod schema states about itself, without a payload. */
export interface ZodReading {
  /**
   * Whether the validation may return another value than it was given, because of a transform, a default, a coercion or
   * the like.
   */
  readonly transforms: boolean
  /** Whether some part takes values that the schema does not describe: `any`, `custom`, the input of a transform. */
  readonly isOpen: boolean
  /** Parts that JSON cannot carry. */
  readonly problems: readonly CarryProblem[]
  /** Kinds of the payload as a whole: several for a union, and `open` if the schema does not say. */
  readonly kinds: ReadonlySet<string>
}

/** A part of a schema whose values JSON cannot carry. */
export interface CarryProblem {
  /** Path of the part. `[]` is each element of an array, `{}` each value of a record. */
  readonly path: readonly string[]
  readonly message: string
}

type Definition = Readonly<Record<string, unknown>>

const INSTEAD: Readonly<Record<string, string>> = {
  date: 'JSON turns a Date into text: use text, for example z.iso.datetime() or z.codec(z.iso.datetime(), z.date(), …)',
  bigint: 'JSON cannot represent a bigint: use text, for example z.string() or a z.codec()',
  map: 'JSON turns a Map into {}: use an object, for example z.record() or a z.codec()',
  set: 'JSON turns a Set into {}: use an array, for example z.array() or a z.codec()',
  symbol: 'JSON cannot represent a symbol: use text',
  function: 'JSON cannot represent a function',
  promise: 'JSON turns a promise into {}: await it first',
  nan: 'JSON turns NaN into null: use z.null()',
  file: 'JSON turns a file into {}: use text, for example z.base64(), or the codec `bytes`',
  binary: 'JSON cannot represent bytes: use text, for example z.base64() or a z.codec(), or the codec `bytes`',
}
const IN_ARRAY = 'JSON turns undefined in an array into null: use null, for example .nullable()'
const NOT_OPTIONAL = 'JSON leaves out undefined values, and this schema then refuses the object: use .optional()'

/** Types whose validation may return another value than it was given. */
const TRANSFORMING: ReadonlySet<string> = new Set([
  'transform',
  'pipe',
  'default',
  'prefault',
  'catch',
  'success',
  'promise',
])
/** Types that wrap another type, which describes the input. */
const WRAPPING: ReadonlySet<string> = new Set([
  'optional',
  'nullable',
  'readonly',
  'nonoptional',
  'default',
  'prefault',
])
/** Types that describe their values, and whose values JSON carries. */
const KNOWN: ReadonlySet<string> = new Set([
  ...['object', 'array', 'tuple', 'record', 'literal'],
  'string',
  'number',
  'boolean',
  'null',
  'enum',
  'template_literal',
  'never',
  'undefined',
  'void',
])

/**
 * Reads a schema's own description.
 *
 * @throws the error of a getter in it, for example because a part is not defined yet
 */
export function readZod(schema: z.core.$ZodType): ZodReading {
  const reader = new PayloadReader()
  const kinds = new Set<string>()
  reader.read(schema, [], kinds)
  return { ...reader, kinds }
}

class PayloadReader {
  transforms = false
  isOpen = false
  readonly problems: CarryProblem[] = []
  readonly #seen = new Set<unknown>()

  /** @param kinds - receives the kinds of the value as a whole */
  read(schema: unknown, path: readonly string[], kinds?: Set<string>): void {
    const definition = definitionOf(schema)
    const type = String(definition.type)
    if (TRANSFORMING.has(type) || definition.coerce === true || hasOverwrite(definition)) this.transforms = true
    if (this.#seen.has(schema)) return
    this.#seen.add(schema)
    if (definition.coerce === true) this.#coerced(kinds)
    else if (WRAPPING.has(type)) this.read(definition.innerType, path, kinds)
    else if (type === 'pipe') this.read(definition.in, path, kinds)
    else if (type === 'lazy') this.read(getterOf(definition)(), path, kinds)
    else if (type === 'union') for (const option of listOf(definition.options)) this.read(option, path, kinds)
    else if (type === 'intersection')
      for (const side of [definition.left, definition.right]) this.read(side, path, kinds)
    else this.#readType(schema, definition, path, kinds)
  }

  #readType(schema: unknown, definition: Definition, path: readonly string[], kinds: Set<string> | undefined): void {
    const type = binaryOr(String(definition.type), schema)
    const isKnown = KNOWN.has(type) || Object.hasOwn(INSTEAD, type)
    kinds?.add(isKnown ? type : 'open')
    if (Object.hasOwn(INSTEAD, type)) this.#refuse(path, INSTEAD[type] ?? '')
    else if (type === 'object') this.#readObject(definition, path)
    else if (type === 'array') this.#readElements([definition.element], path)
    else if (type === 'tuple')
      for (const item of [...listOf(definition.items), definition.rest]) this.#readItem(item, path)
    else if (type === 'record')
      for (const part of [definition.keyType, definition.valueType]) this.read(part, [...path, '{}'])
    else if (type === 'literal') this.#readLiteral(listOf(definition.values), path)
    else if (!isKnown) this.isOpen = true
  }

  #readObject({ shape, catchall }: Definition, path: readonly string[]): void {
    for (const [key, property] of Object.entries(Object(shape))) {
      if (takesUndefined(property, new Set()) && !isOptional(property)) this.#refuse([...path, key], NOT_OPTIONAL)
      this.read(property, [...path, key])
    }
    this.#readItem(catchall, path)
  }

  #readElements(elements: readonly unknown[], path: readonly string[]): void {
    for (const element of elements) {
      if (takesUndefined(element, new Set())) this.#refuse([...path, '[]'], IN_ARRAY)
      this.read(element, [...path, '[]'])
    }
  }

  #readItem(item: unknown, path: readonly string[]): void {
    if (item !== undefined && item !== null) this.read(item, [...path, '[]'])
  }

  #readLiteral(values: readonly unknown[], path: readonly string[]): void {
    if (values.some((value) => typeof value === 'bigint')) this.#refuse(path, INSTEAD.bigint ?? '')
  }

  #refuse(path: readonly string[], message: string): void {
    this.problems.push({ path, message })
  }

  /** Records that a coerced type takes any value. */
  #coerced(kinds: Set<string> | undefined): void {
    this.isOpen = true
    kinds?.add('open')
  }
}

function definitionOf(schema: unknown): Definition {
  return Object(Object(Object(schema)._zod).def)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function getterOf({ getter }: Definition): () => unknown {
  return typeof getter === 'function' ? () => getter() : () => undefined
}

/** Whether a check changes the value without changing its type, as `trim()` does. */
function hasOverwrite({ checks }: Definition): boolean {
  return listOf(checks).some((check) => definitionOf(check).check === 'overwrite')
}

function isOptional(schema: unknown): boolean {
  return Object(Object(schema)._zod).optin === 'optional'
}

/** Whether `undefined` itself is among the values. A default takes `undefined` too, but replaces it. */
function takesUndefined(schema: unknown, seen: Set<unknown>): boolean {
  if (seen.has(schema)) return false
  seen.add(schema)
  const definition = definitionOf(schema)
  const { type } = definition
  if (type === 'optional' || type === 'undefined' || type === 'void') return true
  if (type === 'literal') return listOf(definition.values).includes(undefined)
  if (type === 'union') return listOf(definition.options).some((option) => takesUndefined(option, seen))
  return (type === 'nullable' || type === 'readonly') && takesUndefined(definition.innerType, seen)
}

const CLASSES = new Map<unknown, string>([
  [Date, 'date'],
  [Map, 'map'],
  [Set, 'set'],
  [Buffer, 'binary'],
  [Uint8Array, 'binary'],
  [ArrayBuffer, 'binary'],
  [Blob, 'file'],
])

/** Returns the kind of a custom type that zod made from a class: `z.instanceof(Date)` is such a type. */
function binaryOr(type: string, schema: unknown): string {
  return type === 'custom' ? (CLASSES.get(Object(Object(Object(schema)._zod).bag).Class) ?? type) : type
}
