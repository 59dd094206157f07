import type { SchemaObject } from '../schema/json-schema.js'
import { breaks, cannotTell, type Doubt } from './doubt.js'

/** An end of a range of numbers. */
export interface Bound {
  readonly at: number
  readonly exclusive: boolean
}

/** Returns the lower end of the range that a schema takes. */
export function lowerBound({ minimum, exclusiveMinimum }: SchemaObject): Bound {
  const least = minimum ?? Number.NEGATIVE_INFINITY
  if (exclusiveMinimum === undefined || exclusiveMinimum < least) return { at: least, exclusive: false }
  return { at: exclusiveMinimum, exclusive: true }
}

/** Returns the upper end of the range that a schema takes. */
export function upperBound({ maximum, exclusiveMaximum }: SchemaObject): Bound {
  const most = maximum ?? Number.POSITIVE_INFINITY
  if (exclusiveMaximum === undefined || exclusiveMaximum > most) return { at: most, exclusive: false }
  return { at: exclusiveMaximum, exclusive: true }
}

/** Lists the doubts about numbers. */
export function numberDoubts(reader: SchemaObject, writer: SchemaObject, isWhole: boolean, path: string): Doubt[] {
  return [
    ...lowerDoubts(reader, writer, isWhole, path),
    ...upperDoubts(reader, writer, isWhole, path),
    ...stepDoubts(reader, writer, isWhole, path),
  ]
}

function lowerDoubts(reader: SchemaObject, writer: SchemaObject, isWhole: boolean, path: string): Doubt[] {
  const [asked, given] = [lowerBound(reader), lowest(writer, isWhole)]
  if (given.at > asked.at || (given.at === asked.at && (!asked.exclusive || given.exclusive))) return []
  return [
    breaks(
      path,
      `{reader} takes numbers ${asked.exclusive ? 'above' : 'from'} ${asked.at} only, and {writer} may have lower ones`,
    ),
  ]
}

function upperDoubts(reader: SchemaObject, writer: SchemaObject, isWhole: boolean, path: string): Doubt[] {
  const [asked, given] = [upperBound(reader), highest(writer, isWhole)]
  if (given.at < asked.at || (given.at === asked.at && (!asked.exclusive || given.exclusive))) return []
  return [
    breaks(
      path,
      `{reader} takes numbers ${asked.exclusive ? 'below' : 'up to'} ${asked.at} only, and {writer} may have higher ones`,
    ),
  ]
}

/** Returns the lower end; for whole numbers, above 0 means from 1 on. */
function lowest(schema: SchemaObject, isWhole: boolean): Bound {
  const bound = lowerBound(schema)
  if (!isWhole || !Number.isFinite(bound.at)) return bound
  return { at: bound.exclusive ? Math.floor(bound.at) + 1 : Math.ceil(bound.at), exclusive: false }
}

function highest(schema: SchemaObject, isWhole: boolean): Bound {
  const bound = upperBound(schema)
  if (!isWhole || !Number.isFinite(bound.at)) return bound
  return { at: bound.exclusive ? Math.ceil(bound.at) - 1 : Math.floor(bound.at), exclusive: false }
}

function stepDoubts({ multipleOf: step }: SchemaObject, writer: SchemaObject, isWhole: boolean, path: string): Doubt[] {
  if (step === undefined || step === writer.multipleOf || (step === 1 && isWhole)) return []
  if (
    writer.multipleOf !== undefined &&
    Number.isInteger(writer.multipleOf) &&
    Number.isInteger(step) &&
    writer.multipleOf % step === 0
  )
    return []
  const why = `{reader} takes multiples of ${step} only`
  return [writer.multipleOf === undefined ? breaks(path, why) : cannotTell(path, why)]
}
