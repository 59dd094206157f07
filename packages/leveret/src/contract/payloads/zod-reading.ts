import type { z } from 'zod'

/** What a schema of zod says of itself, without a payload. */
export interface ZodReading {
  /** Whether what validation returns may be something else than what it was given: a transform, a default, a coercion and their kin. */
  readonly transforms: boolean
  /** Whether some part takes values of which the schema does not say what they are: `any`, `custom`, a transform's input. */
  readonly isOpen: boolean
  /** Parts that JSON cannot carry. */
  readonly problems: readonly CarryProblem[]
  /** What the payload is as a whole; `undefined` where that is open, or may be one of several. */
  readonly kinds: ReadonlySet<string>
}

/** A part of a schema that takes values JSON cannot carry. */
export interface CarryProblem {
  /** `[]` is each element of an array, `{}` each value of a record. */
  readonly path: readonly string[]
  readonly message: string
}

type Definition = Readonly<Record<string, unknown>>

const INSTEAD: Readonly<Record<string, string>> = {
  date: 'JSON makes text of a Date: take the text, as z.iso.datetime() or z.codec(z.iso.datetime(), z.date(), …) do',
  bigint: 'JSON has no form for a bigint: take text, as z.string() or a z.codec() of it do',
  map: 'JSON makes {} of a Map: take an object, as z.record() or a z.codec() of it do',
  set: 'JSON makes {} of a Set: take an array, as z.array() or a z.codec() of it do',
  symbol: 'JSON has no form for a symbol: take text',
  function: 'JSON has no form for a function',
  promise: 'JSON makes {} of a promise: wait for it before',
  nan: 'JSON makes null of NaN: take z.null()',
  file: 'JSON makes {} of a file: take text, as z.base64() does, or use the codec `bytes`',
  binary: 'JSON has no form for bytes: take text, as z.base64() or a z.codec() of it do, or use the codec `bytes`',
}
const IN_ARRAY = 'JSON makes null of undefined in an array: take null, as .nullable() does'
const NOT_OPTIONAL = 'JSON leaves out what is undefined, and this schema then refuses it: use .optional()'

/** Types whose validation may return something else than it was given. */
const TRANSFORMING: ReadonlySet<string> = new Set([
  'transform',
  'pipe',
  'default',
  'prefault',
  'catch',
  'success',
  'promise',
])
/** Types that another type is inside of, which says what it takes. */
const WRAPPING: ReadonlySet<string> = new Set([
  'optional',
  'nullable',
  'readonly',
  'nonoptional',
  'default',
  'prefault',
])
/** Types of values of which the schema says what they are, and JSON carries them. */
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

/** Reads a schema's own description. @throws what a getter in it throws, for example because something is not defined yet */
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

  /** @param kinds - gets the type of the value as a whole */
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

  /** It takes anything. */
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

/** `trim()` and its kin change a value without changing its type. */
function hasOverwrite({ checks }: Definition): boolean {
  return listOf(checks).some((check) => definitionOf(check).check === 'overwrite')
}

function isOptional(schema: unknown): boolean {
  return Object(Object(schema)._zod).optin === 'optional'
}

/** Whether `undefined` itself is a value of it. A default takes it too, and says what stands for it. */
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

/** `z.instanceof(Date)` is a custom type to zod. */
function binaryOr(type: string, schema: unknown): string {
  return type === 'custom' ? (CLASSES.get(Object(Object(Object(schema)._zod).bag).Class) ?? type) : type
}
