import type { JsonSchema, SchemaObject } from '../schema/json-schema.js'
import type { Acceptance } from './accepts.js'
import type { Compare } from './compare.js'
import { breaks, cannotTell, type Doubt } from './doubt.js'

type Accepts = (schema: JsonSchema, value: unknown) => Acceptance

/** Lists the doubts about objects. */
export function objectDoubts(
  reader: SchemaObject,
  writer: SchemaObject,
  path: string,
  compare: Compare,
  accepts: Accepts,
): Doubt[] {
  return [
    ...requiredDoubts(reader, writer, path),
    ...propertyDoubts(reader, writer, path, compare),
    ...otherDoubts(reader, writer, path, compare),
    ...nameDoubts(reader, writer, path, compare, accepts),
  ]
}

function requiredDoubts({ required = [] }: SchemaObject, writer: SchemaObject, path: string): Doubt[] {
  const missing = required.filter((name) => !writer.required?.includes(name))
  return missing.map((name) => breaks(join(path, name), '{reader} requires it, and {writer} may be without it'))
}

/** Returns the names that a writer's schema mentions. */
function namesOf({ properties = {}, required = [] }: SchemaObject): readonly string[] {
  return [...new Set([...Object.keys(properties), ...required])]
}

function propertyOf({ properties = {}, additionalProperties = true }: SchemaObject, name: string): JsonSchema {
  return (Object.hasOwn(properties, name) ? properties[name] : undefined) ?? additionalProperties
}

function propertyDoubts(reader: SchemaObject, writer: SchemaObject, path: string, compare: Compare): Doubt[] {
  return namesOf(writer).flatMap((name) => {
    const [read, written] = [propertyOf(reader, name), propertyOf(writer, name)]
    // A property whose schema takes nothing never exists. If it is required, the object itself never exists.
    if (written === false) return []
    const at = join(path, name)
    if (read === false) return [breaks(at, '{reader} refuses the property, and {writer} may have it')]
    return compare(read, written, at)
  })
}

/** Compares unnamed properties. A writer has them only if its schema gives them a schema. */
function otherDoubts(reader: SchemaObject, writer: SchemaObject, path: string, compare: Compare): Doubt[] {
  const { additionalProperties: others } = writer
  if (others === undefined || others === false) return []
  const named = Object.entries(reader.properties ?? {}).filter(([name]) => !namesOf(writer).includes(name))
  const { additionalProperties: rest = true } = reader
  return [
    ...named.flatMap(([name, schema]) => compare(schema, others, join(path, name))),
    ...(rest === false
      ? [breaks(path, '{reader} refuses properties that it does not name, and {writer} may have any')]
      : compare(rest, others, join(path, '*'))),
  ]
}

function nameDoubts(
  reader: SchemaObject,
  writer: SchemaObject,
  path: string,
  compare: Compare,
  accepts: Accepts,
): Doubt[] {
  const { propertyNames: asked } = reader
  if (asked === undefined) return []
  const { additionalProperties: others, propertyNames: given = true } = writer
  const answers = namesOf(writer).map((name) => accepts(asked, name))
  const named = answers.includes(false)
    ? [breaks(path, '{reader} refuses the name of a property that {writer} may have')]
    : answers.includes(undefined)
      ? [cannotTell(path, 'whether {reader} takes the names of all properties')]
      : []
  if (others === undefined || others === false) return named
  const text = given === true ? { type: 'string' as const } : given
  return [...named, ...compare(asked, text, join(path, '(name)'))]
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
