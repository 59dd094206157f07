import fc from 'fast-check'
import type { JsonSchema, SchemaObject } from '../../src/contracts/schema/json-schema.js'

const NAMES = ['a', 'b', 'c', 'kind'] as const
const TEXTS = ['x', 'y', 'zz', '']
const FORMATS = [undefined, undefined, undefined, 'date-time', 'uuid', 'email']
const PATTERNS = [undefined, undefined, undefined, '^x', '^[a-z]*$']

const bounded = (low: number, high: number): fc.Arbitrary<number | undefined> =>
  fc.option(fc.integer({ min: low, max: high }), { nil: undefined, freq: 1 })

/** Without the keywords that are not there. */
function clean(schema: Record<string, unknown>): SchemaObject {
  return Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined))
}

const text = fc
  .record({ minLength: bounded(0, 3), maxLength: bounded(0, 4), pattern: fc.constantFrom(...PATTERNS), format: fc.constantFrom(...FORMATS) })
  .map((parts) => clean({ type: 'string', ...parts }))

const number = fc
  .record({
    type: fc.constantFrom('number', 'integer'),
    minimum: bounded(-3, 3),
    maximum: bounded(-3, 5),
    exclusiveMinimum: bounded(-3, 3),
    exclusiveMaximum: bounded(-3, 5),
    multipleOf: fc.option(fc.constantFrom(1, 2, 3, 6, 0.5), { nil: undefined, freq: 1 }),
  })
  .map(clean)

const values = fc.oneof(
  fc.subarray([...TEXTS, 1, 2, null, true], { minLength: 1 }).map((list) => ({ enum: list })),
  fc.constantFrom<unknown>('x', 1, null, true, { a: 1 }).map((value) => ({ const: value })),
  fc.constantFrom<SchemaObject>({ type: 'boolean' }, { type: 'null' }, {}, { type: ['string', 'null'] }, { type: ['integer', 'string', 'object'] }),
)

const SHARED: Readonly<Record<string, SchemaObject>> = {
  tree: { type: 'object', properties: { a: { $ref: '#/definitions/tree' }, b: { type: 'integer' } }, required: ['b'] },
  word: { type: 'string', minLength: 1 },
  list: { type: 'array', items: { anyOf: [{ $ref: '#/definitions/list' }, { type: 'null' }] } },
}

/** A schema with its definitions. */
export const schemas: fc.Arbitrary<SchemaObject> = fc
  .tuple(schemaArbitrary(), fc.subarray(['tree', 'word', 'list'] as const))
  .map(([schema, changed]) => ({ ...schema, definitions: { ...SHARED, ...Object.fromEntries(changed.map((name) => [name, otherwise(name)])) } }))

/** The shared schemas, changed. */
function otherwise(name: 'tree' | 'word' | 'list'): SchemaObject {
  const tree: SchemaObject = { ...SHARED.tree, required: [], additionalProperties: false }
  const others: Record<typeof name, SchemaObject> = { tree, word: { type: 'string' }, list: { type: 'array', items: { $ref: '#/definitions/list' } } }
  return others[name]
}

function schemaArbitrary(): fc.Arbitrary<SchemaObject> {
  const { schema } = fc.letrec<{ schema: SchemaObject; object: SchemaObject; array: SchemaObject; choice: SchemaObject }>((tie) => ({
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(text, number, values, fc.constantFrom('tree', 'word', 'list').map((name) => ({ $ref: `#/definitions/${name}` }))),
      tie('object'),
      tie('array'),
      tie('choice'),
    ),
    object: fc
      .record({
        properties: fc.dictionary(fc.constantFrom(...NAMES), fc.oneof({ weight: 9, arbitrary: tie('schema') }, { weight: 1, arbitrary: fc.boolean() }), { maxKeys: 3 }),
        required: fc.subarray([...NAMES]),
        additionalProperties: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.boolean() }, { weight: 1, arbitrary: tie('schema') }),
        propertyNames: fc.option(fc.constantFrom<SchemaObject>({ type: 'string' }, { maxLength: 1 }, { enum: ['a', 'b'] }), { nil: undefined, freq: 1 }),
        minProperties: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined, freq: 1 }),
        patternProperties: fc.option(fc.constant({ '^a': { type: 'string' } }), { nil: undefined, freq: 1 }),
      })
      .map((parts) => clean({ type: 'object', ...parts, ...rarely(parts) })),
    array: fc
      .record({
        items: fc.oneof(tie('schema'), fc.array(tie('schema'), { minLength: 1, maxLength: 2 }), fc.boolean()),
        additionalItems: fc.oneof(fc.constant(undefined), fc.boolean(), tie('schema')),
        minItems: bounded(0, 3),
        maxItems: bounded(0, 3),
        uniqueItems: fc.option(fc.constant(true), { nil: undefined, freq: 1 }),
      })
      .map((parts) => clean({ type: 'array', ...parts })),
    choice: fc.oneof(
      fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
      fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((oneOf) => ({ oneOf })),
      fc.array(tie('schema'), { minLength: 1, maxLength: 2 }).map((allOf) => ({ allOf })),
      fc.array(tagged(tie('schema')), { minLength: 1, maxLength: 3 }).map((oneOf) => ({ oneOf })),
      fc.tuple(tie('object'), fc.array(tie('object'), { minLength: 1, maxLength: 2 })).map(([base, anyOf]) => ({ ...base, anyOf })),
      tie('schema').map((not) => ({ type: ['string', 'object', 'integer'] as const, not })),
    ),
  }))
  return schema
}

/** What is seldom written takes most of the doubts otherwise. */
function rarely({ patternProperties, minProperties }: { patternProperties?: unknown; minProperties?: number | undefined }): Record<string, unknown> {
  return { patternProperties: minProperties === 1 ? patternProperties : undefined }
}

function tagged(inner: fc.Arbitrary<SchemaObject>): fc.Arbitrary<SchemaObject> {
  return fc.tuple(fc.constantFrom('x', 'y', 'z'), inner).map(([tag, schema]) => ({
    type: 'object',
    properties: { kind: { type: 'string', const: tag }, a: schema },
    required: ['kind'],
  }))
}

const changes = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 })

/** Two versions of a schema: some changes to one, or another one. */
export const pairs: fc.Arbitrary<readonly [before: SchemaObject, after: SchemaObject]> = fc
  .oneof(
    { weight: 5, arbitrary: fc.tuple(schemas, changes).map(([schema, edits]) => [schema, edits.reduce(edited, schema)] as const) },
    { weight: 1, arbitrary: fc.tuple(schemas, schemas) },
  )
  .filter(([before, after]) => JSON.stringify(before) !== JSON.stringify(after))

/** One place of a schema, written otherwise. */
function edited(schema: SchemaObject, [place, choice]: readonly [number, number]): SchemaObject {
  const copy = structuredClone(schema) as Record<string, unknown>
  const places = placesIn(copy)
  const target = places[place % places.length]
  if (target !== undefined) EDITS[choice % EDITS.length]?.(target)
  return copy
}

type Edit = (schema: Record<string, unknown>) => void

const EDITS: readonly Edit[] = [
  (schema) => delete schema.required,
  (schema) => (schema.required = [...new Set([...((schema.required as string[]) ?? []), 'a'])]),
  (schema) => (schema.minimum = 1),
  (schema) => delete schema.minimum,
  (schema) => delete schema.maxLength,
  (schema) => (schema.maxLength = 2),
  (schema) => (schema.additionalProperties = false),
  (schema) => delete schema.additionalProperties,
  (schema) => delete schema.pattern,
  (schema) => delete schema.enum,
  (schema) => (schema.properties = { ...(schema.properties as object), b: { type: 'string' } }),
  (schema) => delete schema.type,
  (schema) => (schema.type = 'string'),
  (schema) => Array.isArray(schema.oneOf) && schema.oneOf.push({ type: 'null' }),
  (schema) => Array.isArray(schema.oneOf) && schema.oneOf.pop(),
  (schema) => Array.isArray(schema.anyOf) && schema.anyOf.push({ type: 'integer' }),
  (schema) => Array.isArray(schema.enum) && schema.enum.push('new'),
  (schema) => delete schema.format,
  (schema) => delete schema.maxItems,
  (schema) => (schema.minItems = 1),
  (schema) => delete schema.not,
]

/** The schema and all schemas in it. */
function placesIn(schema: unknown): Record<string, unknown>[] {
  if (typeof schema !== 'object' || schema === null) return []
  const { properties, definitions, items, additionalItems, additionalProperties, anyOf, oneOf, allOf } = schema as SchemaObject
  const named = [properties, definitions].flatMap((map) => Object.values((map as object | undefined) ?? {}))
  const inside = [...named, ...[items, additionalItems, additionalProperties, anyOf, oneOf, allOf].flat()]
  return [schema as Record<string, unknown>, ...inside.flatMap(placesIn)]
}

/**
 * Values that somebody may write who has this schema: no properties but those that it names, unless it says of what kind others are. Most of them pass; who
 * asks has to look.
 */
export function valuesFor(schema: JsonSchema, root: SchemaObject, depth = 0): fc.Arbitrary<unknown> {
  if (schema === true) return anything
  if (schema === false || depth > 6) return fc.constantFrom<unknown>(null, 1, 'x')
  const { $ref, allOf, anyOf, oneOf, not: _not, enum: listed, type, definitions: _definitions, ...rest } = schema
  const within = (inner: JsonSchema): fc.Arbitrary<unknown> => valuesFor(inner, root, depth + 1)
  if ($ref !== undefined) return within((root.definitions as Record<string, JsonSchema>)[$ref.split('/').at(-1) ?? ''] ?? true)
  if ('const' in schema) return fc.constant(schema.const)
  if (listed !== undefined) return listed.length === 0 ? fc.constant(null) : fc.constantFrom(...listed)
  const branches = anyOf ?? oneOf
  if (branches !== undefined) return fc.oneof(...branches.map((branch) => within(mixed({ ...rest, ...(type === undefined ? {} : { type }) }, branch))))
  if (allOf !== undefined) return within(allOf.reduce<JsonSchema>((one, other) => mixed(one, other), rest))
  const types = type === undefined ? (['string', 'number', 'object', 'array', 'null', 'boolean'] as const) : [type].flat()
  return fc.oneof(...types.map((one) => ofType(one as string, schema, within)))
}

function mixed(one: JsonSchema, other: JsonSchema): JsonSchema {
  if (typeof one === 'boolean' || typeof other === 'boolean') return one === true ? other : one
  return {
    ...one,
    ...other,
    ...(one.properties || other.properties ? { properties: { ...one.properties, ...other.properties } } : {}),
    ...(one.required || other.required ? { required: [...(one.required ?? []), ...(other.required ?? [])] } : {}),
  }
}

const words = fc.constantFrom('', 'x', 'xy', 'xyz', 'xyzw', 'X', '9', 'zz', '2020-01-01T00:00:00Z', 'a@b.io', 'new', '00000000-0000-0000-0000-000000000000')
const numbers = fc.constantFrom(-4, -3, -1, 0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 1.25, 1_000_000)
const anything = fc.oneof(words, numbers, fc.constantFrom<unknown>(null, true, [], {}, { a: 1 }, { q: 'x' }, ['x', 1]))

function ofType(type: string, schema: SchemaObject, within: (inner: JsonSchema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  if (type === 'string') return words
  if (type === 'number') return numbers
  if (type === 'integer') return numbers.map(Math.round)
  if (type === 'boolean') return fc.boolean()
  if (type === 'null') return fc.constant(null)
  return type === 'array' ? listsOf(schema, within) : objectsOf(schema, within)
}

function listsOf({ items = true, additionalItems = true }: SchemaObject, within: (inner: JsonSchema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const tuple = Array.isArray(items) ? (items as readonly JsonSchema[]) : []
  const rest = Array.isArray(items) ? additionalItems : (items as JsonSchema)
  const places = [0, 1, 2, 3].map((index) => within(tuple[index] ?? rest))
  return fc.tuple(fc.nat({ max: 4 }), ...places).map(([length, ...made]) => made.slice(0, length))
}

function objectsOf(schema: SchemaObject, within: (inner: JsonSchema) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties: others } = schema
  const named = [...new Set([...Object.keys(properties), ...required])]
  const own = Object.fromEntries(named.map((name) => [name, within(properties[name] ?? others ?? true)]))
  const made = fc.record(own, { requiredKeys: named.filter((name) => required.includes(name)) })
  const free = schema.patternProperties === undefined ? others : true
  if (free === undefined || free === false) return made
  return fc.tuple(fc.dictionary(fc.constantFrom('a', 'b', 'q', 'ab'), within(free), { maxKeys: 2 }), made).map(([more, known]) => ({ ...more, ...known }))
}
