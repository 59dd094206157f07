import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { doubtsOf } from '../../src/contracts/compatibility/includes.js'
import type { JsonSchema, SchemaObject } from '../../src/contracts/schema/json-schema.js'
import { pairs } from './random-schemas.js'
import { valuesFor } from './random-values.js'

// The whole is LEVERET_SCHEMA_PAIRS=10000; the seed of a run that has failed is given as LEVERET_SEED.
const PAIRS = Number(process.env.LEVERET_SCHEMA_PAIRS ?? 300)
const SEED = Number(process.env.LEVERET_SEED ?? Date.now() % 2 ** 31)
const VALUES = 30

function validator(schema: SchemaObject): (value: unknown) => boolean {
  const ajv = new Ajv({ strict: false, validateSchema: false, addUsedSchema: false, logger: false })
  formats.default(ajv)
  return ajv.compile(schema) as (value: unknown) => boolean
}

/**
 * The schema of what a writer writes: no properties that it does not name, unless it says so. Where schemas are put
 * together, each names only a part of the properties, so those stay open.
 */
function closed(schema: SchemaObject): SchemaObject {
  const { allOf, anyOf, oneOf, $ref, properties, required, items, definitions } = schema
  const isWhole = [allOf, anyOf, oneOf, $ref].every((part) => part === undefined)
  const isOpen = schema.additionalProperties === undefined && (required ?? []).every((name) => properties?.[name])
  const branches = (list: readonly JsonSchema[] | undefined) =>
    properties === undefined ? list?.map(closedPart) : list
  return {
    ...schema,
    ...(isWhole && isOpen ? { additionalProperties: false } : {}),
    ...(properties === undefined ? {} : { properties: mapped(properties) }),
    ...(definitions === undefined ? {} : { definitions: mapped(definitions as Record<string, JsonSchema>) }),
    ...(typeof items === 'object' && !Array.isArray(items) ? { items: closedPart(items as JsonSchema) } : {}),
    ...(anyOf === undefined ? {} : { anyOf: branches(anyOf) ?? [] }),
    ...(oneOf === undefined ? {} : { oneOf: branches(oneOf) ?? [] }),
  }
}

function closedPart(schema: JsonSchema): JsonSchema {
  return typeof schema === 'boolean' ? schema : closed(schema)
}

function mapped(schemas: Readonly<Record<string, JsonSchema>>): Record<string, JsonSchema> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closedPart(schema)]))
}

test('a writer writes no properties that its schema does not name', () => {
  const open = { type: ['string', 'object'] } as const
  const tree = { type: 'object', properties: { b: { type: 'integer' } }, required: ['b'] } as const
  const writes = validator(closed({ items: { anyOf: [open, tree] } }))
  expect([writes([{}]), writes([{ b: 7 }]), writes(['a']), writes([{ a: { a: 1 }, b: 7 }])]).toEqual([
    true,
    true,
    true,
    false,
  ])
})

test('whatever is called compatible takes every value that the other writes', { timeout: 600_000 }, () => {
  const told = { compatible: 0, 'cannot tell': 0, breaks: 0, values: 0, 'breaks, seen': 0 }
  fc.assert(
    fc.property(pairs, fc.nat(), ([before, after], seed) => {
      const doubts = doubtsOf(after, before)
      const breaks = doubts.some(({ answer }) => answer === 'breaks')
      told[breaks ? 'breaks' : doubts.length > 0 ? 'cannot tell' : 'compatible'] += 1
      const [valid, named, reads] = [validator(before), validator(closed(before)), validator(after)]
      const values = fc
        .sample(valuesFor(before, before), { numRuns: VALUES, seed })
        .filter((value) => valid(value) && named(value))
      told.values += values.length
      const refused = values.find((value) => !reads(value))
      if (breaks && refused !== undefined) told['breaks, seen'] += 1
      if (doubts.length === 0 && refused !== undefined) {
        throw new Error(`called compatible, and refused: ${JSON.stringify({ before, after, refused })}`)
      }
    }),
    { numRuns: PAIRS, seed: SEED },
  )
  console.log(`seed ${SEED}, ${PAIRS} pairs: ${JSON.stringify(told)}`)
  // Answers that are all alike would show nothing.
  expect(Math.min(told.compatible, told.breaks, told.values)).toBeGreaterThan(PAIRS / 10)
})
