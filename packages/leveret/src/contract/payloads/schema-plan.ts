import type { z } from 'zod'
import type { Codec } from './codec.js'
import { readZod, type ZodReading } from './zod-reading.js'
import { isZod, mayCall } from './zod-schema.js'

/** Facts about a schema, found once, at its first payload. */
export interface SchemaPlan {
  /** The schema, if it is zod's and may call functions. */
  readonly calling: z.core.$ZodType | undefined
  /**
   * The value to send. `output`: the result of the validation, so that keys that the schema does not name stay out.
   * `input`: the value that was given, because a transform must run once, at the receiver.
   */
  readonly sends: 'output' | 'input'
  /** Whether the schema's own description allows only values that JSON can represent. Every codec carries those. */
  readonly isPlainData: boolean
  /** Whether the schema has answered with a promise. */
  isAsync: boolean
  /** Codecs that have carried a payload of the schema. */
  readonly provenBy: Codec[]
}

const plans = new WeakMap<object, SchemaPlan>()

/** Returns the facts about a schema of any library. */
export function planOf(schema: object): SchemaPlan {
  let plan = plans.get(schema)
  if (plan === undefined) {
    plan = makePlan(schema)
    plans.set(schema, plan)
  }
  return plan
}

function makePlan(schema: object): SchemaPlan {
  const zod = isZod(schema) ? schema : undefined
  const reading = zod === undefined ? undefined : tryReading(zod)
  return {
    calling: zod !== undefined && mayCall(zod) ? zod : undefined,
    sends: reading === undefined || reading.transforms ? 'input' : 'output',
    isPlainData: reading !== undefined && !reading.isOpen && reading.problems.length === 0,
    isAsync: false,
    provenBy: [],
  }
}

/** @returns `undefined` if the schema cannot be read, for example because a part of it is not defined yet */
export function tryReading(schema: z.core.$ZodType): ZodReading | undefined {
  try {
    return readZod(schema)
  } catch {
    return undefined
  }
}
