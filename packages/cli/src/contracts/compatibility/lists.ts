import type { SchemaObject } from '../schema/json-schema.js'
import { itemAt, placesOf } from './accepts.js'
import type { Compare } from './compare.js'
import { breaks, type Doubt } from './doubt.js'

/** Lists the doubts about lists. */
export function listDoubts(reader: SchemaObject, writer: SchemaObject, path: string, compare: Compare): Doubt[] {
  return [...lengthDoubts(reader, writer, path), ...itemDoubts(reader, writer, path, compare)]
}

function lengthDoubts(reader: SchemaObject, writer: SchemaObject, path: string): Doubt[] {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = reader
  return [
    ...((writer.minItems ?? 0) >= minItems
      ? []
      : [breaks(path, `{reader} takes lists from ${minItems} items on, and {writer} may have shorter ones`)]),
    ...(longest(writer) <= maxItems
      ? []
      : [breaks(path, `{reader} takes lists of up to ${maxItems} items, and {writer} may have longer ones`)]),
  ]
}

/** Compares each position that one of them names, and then the remaining items. */
function itemDoubts(reader: SchemaObject, writer: SchemaObject, path: string, compare: Compare): Doubt[] {
  const places = Math.max(placesOf(reader), placesOf(writer))
  const last = Math.min(places, longest(writer) - 1)
  const doubts: Doubt[] = []
  for (let index = 0; index <= last; index += 1) {
    const place = index < places ? `${path}[${index}]` : `${path}[]`
    doubts.push(...compare(itemAt(reader, index), itemAt(writer, index), place))
  }
  return doubts
}

/** Returns the most items that a list can have. */
function longest(schema: SchemaObject): number {
  const { maxItems = Number.POSITIVE_INFINITY } = schema
  const places = placesOf(schema)
  return itemAt(schema, places) === false ? Math.min(places, maxItems) : maxItems
}
