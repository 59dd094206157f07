import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { doubtsOf } from '../../src/contracts/compatibility/includes.js'
import type { SchemaObject } from '../../src/contracts/schema/json-schema.js'
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

test('whatever is called compatible takes every value that the other writes', { timeout: 600_000 }, () => {
  const told = { compatible: 0, 'cannot tell': 0, breaks: 0, values: 0, 'breaks, seen': 0 }
  fc.assert(
    fc.property(pairs, fc.nat(), ([before, after], seed) => {
      const doubts = doubtsOf(after, before)
      const breaks = doubts.some(({ answer }) => answer === 'breaks')
      told[breaks ? 'breaks' : doubts.length > 0 ? 'cannot tell' : 'compatible'] += 1
      const [writes, reads] = [validator(before), validator(after)]
      const values = fc.sample(valuesFor(before, before), { numRuns: VALUES, seed }).filter((value) => writes(value))
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
