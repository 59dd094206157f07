import { asObject, isSame, type JsonSchema, type SchemaObject } from '../schema/json-schema.js'

/** A schema with the document in which its references are looked up. */
export interface Rooted {
  readonly schema: SchemaObject
  readonly root: JsonSchema
}

/** Returns a schema without references, and without `allOf` as far as its parts can be merged. */
export function flatten({ schema, root }: Rooted): SchemaObject | 'unknown' {
  let current = schema
  const seen = new Set<string>()
  while (current.$ref !== undefined) {
    // Keywords beside a reference count for some readers only.
    const others = Object.keys(current).filter((keyword) => keyword !== '$ref' && !isAnnotation(keyword))
    if (others.length > 0 || seen.has(current.$ref)) return 'unknown'
    seen.add(current.$ref)
    const found = lookUp(root, current.$ref)
    if (found === undefined) return 'unknown'
    current = asObject(found)
  }
  const { allOf, ...own } = current
  if (allOf === undefined) return current
  let folded: SchemaObject | 'unknown' = own
  for (const part of allOf) {
    const flat = flatten({ schema: asObject(part), root })
    folded = folded === 'unknown' || flat === 'unknown' ? 'unknown' : merge(folded, flat)
  }
  return folded
}

/** Whether a schema holds a reference. */
export function hasReference(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false
  return '$ref' in schema || Object.values(schema).some(hasReference)
}

const ANNOTATIONS = new Set([
  '$schema',
  '$id',
  '$comment',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
])

/** Whether a keyword does not affect which values pass. */
export function isAnnotation(keyword: string): boolean {
  return ANNOTATIONS.has(keyword) || keyword === 'definitions' || keyword === '$defs' || keyword.startsWith('x-')
}

/** Merges two schemas; `unknown` if both have the same keyword with different values. */
function merge(one: SchemaObject, other: SchemaObject): SchemaObject | 'unknown' {
  // A schema that closes its object closes it over its own properties, not over both.
  const shapes = [one, other].filter((part) => SHAPE.some((keyword) => part[keyword] !== undefined))
  if (shapes.length === 2 && shapes.some(({ additionalProperties }) => additionalProperties !== undefined))
    return 'unknown'
  const merged: Record<string, unknown> = { ...one }
  for (const [keyword, value] of Object.entries(other)) {
    const mine = one[keyword]
    if (isAnnotation(keyword)) continue
    if (mine === undefined || isSame(mine, value)) merged[keyword] = value
    else if (keyword === 'required')
      merged.required = [...new Set([...(one.required ?? []), ...(other.required ?? [])])]
    else if (keyword === 'properties') merged.properties = mergeProperties(one.properties ?? {}, other.properties ?? {})
    else return 'unknown'
  }
  return merged
}

const SHAPE = ['properties', 'additionalProperties', 'patternProperties'] as const

function mergeProperties(
  one: Readonly<Record<string, JsonSchema>>,
  other: Readonly<Record<string, JsonSchema>>,
): Record<string, JsonSchema> {
  const both: Record<string, JsonSchema> = { ...one }
  for (const [name, schema] of Object.entries(other)) {
    const mine = Object.hasOwn(one, name) ? one[name] : undefined
    both[name] = mine === undefined || isSame(mine, schema) ? schema : { allOf: [mine, schema] }
  }
  return both
}

/** Returns the schema that a reference within the document names. */
function lookUp(root: JsonSchema, reference: string): JsonSchema | undefined {
  if (!reference.startsWith('#')) return undefined
  let current: unknown = root
  for (const part of reference.slice(1).split('/').slice(1)) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    current = typeof current === 'object' && current !== null ? (current as Record<string, unknown>)[name] : undefined
  }
  return typeof current === 'boolean' || (typeof current === 'object' && current !== null)
    ? (current as JsonSchema)
    : undefined
}
