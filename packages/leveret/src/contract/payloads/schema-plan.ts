import type { z } from 'zod'
import type { Codec } from './codec.js'
import { readZod, type ZodReading } from './zod-reading.js'
import { isZod, mayCall } from './zod-schema.js'

/** What is known of a schema. It is found out once, at its first payload. */
export interface SchemaPlan {
  /** The schema, where it is one of zod's that may call functions. */
  readonly calling: z.core.$ZodType | undefined
  /**
   * What goes on the wire. `output`: what validation returned, so that keys that the schema does not name stay out. `input`: what was
   * handed over, because a transform is to run once, at the receiver.
   */
  readonly sends: 'output' | 'input'
  /** Whether the schema's own description says that it takes nothing but what JSON has a form for. Every codec carries that. */
  readonly isPlainData: boolean
  /** Whether it has answered by a promise. */
  isAsync: boolean
  /** Codecs that have carried a payload of it. */
  readonly provenBy: Codec[]
}

const plans = new WeakMap<object, SchemaPlan>()

/** What is known of a schema of whatever library. */
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

/** @returns `undefined` when the schema cannot be looked at, for example because a part of it is not defined yet */
export function tryReading(schema: z.core.$ZodType): ZodReading | undefined {
  try {
    return readZod(schema)
  } catch {
    return undefined
  }
}
