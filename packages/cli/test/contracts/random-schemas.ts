import fc from 'fast-check'
import type { SchemaObject } from '../../src/contracts/schema/json-schema.js'

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
  .record({
    minLength: bounded(0, 3),
    maxLength: bounded(0, 4),
    pattern: fc.constantFrom(...PATTERNS),
    format: fc.constantFrom(...FORMATS),
  })
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
  fc.constantFrom<SchemaObject>(
    { type: 'boolean' },
    { type: 'null' },
    {},
    { type: ['string', 'null'] },
    { type: ['integer', 'string', 'object'] },
  ),
)

const SHARED: Readonly<Record<string, SchemaObject>> = {
  tree: { type: 'object', properties: { a: { $ref: '#/definitions/tree' }, b: { type: 'integer' } }, required: ['b'] },
  word: { type: 'string', minLength: 1 },
  list: { type: 'array', items: { anyOf: [{ $ref: '#/definitions/list' }, { type: 'null' }] } },
}

/** A schema with its definitions. */
export const schemas: fc.Arbitrary<SchemaObject> = fc
  .tuple(schemaArbitrary(), fc.subarray(['tree', 'word', 'list'] as const))
  .map(([schema, changed]) => ({
    ...schema,
    definitions: { ...SHARED, ...Object.fromEntries(changed.map((name) => [name, otherwise(name)])) },
  }))

/** The shared schemas, changed. */
function otherwise(name: 'tree' | 'word' | 'list'): SchemaObject {
  const tree: SchemaObject = { ...SHARED.tree, required: [], additionalProperties: false }
  const others: Record<typeof name, SchemaObject> = {
    tree,
    word: { type: 'string' },
    list: { type: 'array', items: { $ref: '#/definitions/list' } },
  }
  return others[name]
}

function schemaArbitrary(): fc.Arbitrary<SchemaObject> {
  const { schema } = fc.letrec<{
    schema: SchemaObject
    object: SchemaObject
    array: SchemaObject
    choice: SchemaObject
  }>((tie) => ({
    schema: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(
        text,
        number,
        values,
        fc.constantFrom('tree', 'word', 'list').map((name) => ({ $ref: `#/definitions/${name}` })),
      ),
      tie('object'),
      tie('array'),
      tie('choice'),
    ),
    object: fc
      .record({
        properties: fc.dictionary(
          fc.constantFrom(...NAMES),
          fc.oneof({ weight: 9, arbitrary: tie('schema') }, { weight: 1, arbitrary: fc.boolean() }),
          { maxKeys: 3 },
        ),
        required: fc.subarray([...NAMES]),
        additionalProperties: fc.oneof(
          { weight: 4, arbitrary: fc.constant(undefined) },
          { weight: 1, arbitrary: fc.boolean() },
          { weight: 1, arbitrary: tie('schema') },
        ),
        propertyNames: fc.option(
          fc.constantFrom<SchemaObject>({ type: 'string' }, { maxLength: 1 }, { enum: ['a', 'b'] }),
          { nil: undefined, freq: 1 },
        ),
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
      fc
        .tuple(tie('object'), fc.array(tie('object'), { minLength: 1, maxLength: 2 }))
        .map(([base, anyOf]) => ({ ...base, anyOf })),
      tie('schema').map((not) => ({ type: ['string', 'object', 'integer'] as const, not })),
    ),
  }))
  return schema
}

/** What is seldom written takes most of the doubts otherwise. */
function rarely({
  patternProperties,
  minProperties,
}: {
  patternProperties?: unknown
  minProperties?: number | undefined
}): Record<string, unknown> {
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
    {
      weight: 5,
      arbitrary: fc.tuple(schemas, changes).map(([schema, edits]) => [schema, edits.reduce(edited, schema)] as const),
    },
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
  const { properties, definitions, items, additionalItems, additionalProperties, anyOf, oneOf, allOf } =
    schema as SchemaObject
  const named = [properties, definitions].flatMap((map) => Object.values((map as object | undefined) ?? {}))
  const inside = [...named, ...[items, additionalItems, additionalProperties, anyOf, oneOf, allOf].flat()]
  return [schema as Record<string, unknown>, ...inside.flatMap(placesIn)]
}
