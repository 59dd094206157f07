import fc from 'fast-check'
import type { JsonSchema, SchemaObject } from '../../src/contracts/schema/json-schema.js'

/**
 * Values that somebody may write who has this schema: no properties but those that it names, unless it says of what kind others are. Most of them pass; who
 * asks has to look.
 */
export function valuesFor(schema: JsonSchema, root: SchemaObject, depth = 0): fc.Arbitrary<unknown> {
  if (schema === true) return anything
  if (schema === false || depth > 6) return fc.constantFrom<unknown>(null, 1, 'x')
  const { $ref, allOf, anyOf, oneOf, not: _not, enum: listed, type, definitions: _definitions, ...rest } = schema
  const within = (inner: JsonSchema): fc.Arbitrary<unknown> => valuesFor(inner, root, depth + 1)
  if ($ref !== undefined)
    return within((root.definitions as Record<string, JsonSchema>)[$ref.split('/').at(-1) ?? ''] ?? true)
  if ('const' in schema) return fc.constant(schema.const)
  if (listed !== undefined) return listed.length === 0 ? fc.constant(null) : fc.constantFrom(...listed)
  const branches = anyOf ?? oneOf
  if (branches !== undefined)
    return fc.oneof(
      ...branches.map((branch) => within(mixed({ ...rest, ...(type === undefined ? {} : { type }) }, branch))),
    )
  if (allOf !== undefined) return within(allOf.reduce<JsonSchema>((one, other) => mixed(one, other), rest))
  const types =
    type === undefined ? (['string', 'number', 'object', 'array', 'null', 'boolean'] as const) : [type].flat()
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

const words = fc.constantFrom(
  '',
  'x',
  'xy',
  'xyz',
  'xyzw',
  'X',
  '9',
  'zz',
  '2020-01-01T00:00:00Z',
  'a@b.io',
  'new',
  '00000000-0000-0000-0000-000000000000',
)
const numbers = fc.constantFrom(-4, -3, -1, 0, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 7, 1.25, 1_000_000)
const anything = fc.oneof(words, numbers, fc.constantFrom<unknown>(null, true, [], {}, { a: 1 }, { q: 'x' }, ['x', 1]))

function ofType(
  type: string,
  schema: SchemaObject,
  within: (inner: JsonSchema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  if (type === 'string') return words
  if (type === 'number') return numbers
  if (type === 'integer') return numbers.map(Math.round)
  if (type === 'boolean') return fc.boolean()
  if (type === 'null') return fc.constant(null)
  return type === 'array' ? listsOf(schema, within) : objectsOf(schema, within)
}

function listsOf(
  { items = true, additionalItems = true }: SchemaObject,
  within: (inner: JsonSchema) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
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
  return fc
    .tuple(fc.dictionary(fc.constantFrom('a', 'b', 'q', 'ab'), within(free), { maxKeys: 2 }), made)
    .map(([more, known]) => ({ ...more, ...known }))
}
