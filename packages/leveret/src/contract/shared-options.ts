import { z } from 'zod'
import { tableProblem } from '../connection/table.js'
import type { Codec } from './codec.js'
import type { Schema } from './schema.js'

/** A schema of a contract, from whatever library. */
export const schemaOption = z.custom<Schema>(
  (value) => value !== null && (typeof value === 'object' || typeof value === 'function') && '~standard' in value,
  'expected a schema: zod, valibot, arktype or any other Standard Schema',
)

/** How payloads are written. */
export const codecOption = z.custom<Codec>((value) => typeof value === 'object' && value !== null, 'expected a codec')

/** Arguments to declare something with. */
export const argumentsOption = z.record(z.string(), z.unknown()).superRefine((table, context) => {
  const problem = tableProblem(table)
  if (problem !== undefined) context.addIssue(problem)
})

/** What tells the versions of a contract apart. */
export const versionOption = z.string().min(1).max(64)
