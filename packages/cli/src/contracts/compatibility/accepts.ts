import { asObject, isSame, type JsonSchema, type SchemaObject } from '../schema/json-schema.js'
import { lowerBound, upperBound } from './numbers.js'
import { flatten, isAnnotation } from './resolve.js'
import { takesType, typeOf, typesOf } from './types.js'

/** Whether a value passes; `undefined` if a keyword cannot be evaluated here, such as a format. */
export type Acceptance = boolean | undefined

const KNOWN = new Set([
  ...['type', 'enum', 'const', 'anyOf', 'oneOf', 'properties', 'required', 'additionalProperties', 'propertyNames'],
  ...['items', 'prefixItems', 'additionalItems', 'minItems', 'maxItems', 'minimum', 'maximum'],
  ...['exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'pattern', 'format'],
])

/** Whether one value passes a schema. */
export function accepts(schema: JsonSchema, value: unknown, root: JsonSchema, depth = 0): Acceptance {
  const flat = flatten({ schema: asObject(schema), root })
  if (flat === 'unknown' || depth > 50) return undefined
  const within = (part: JsonSchema, inner: unknown): Acceptance => accepts(part, inner, root, depth + 1)
  const isKnown = Object.keys(flat).every((keyword) => KNOWN.has(keyword) || isAnnotation(keyword))
  return all([
    flat.type === undefined || takesType(typesOf(flat), typeOf(value)),
    flat.enum === undefined || flat.enum.some((one) => isSame(one, value)),
    !('const' in flat) || isSame(flat.const, value),
    flat.anyOf === undefined || any(flat.anyOf.map((branch) => within(branch, value))),
    flat.oneOf === undefined || exactlyOne(flat.oneOf.map((branch) => within(branch, value))),
    ofItsType(flat, value, within),
    isKnown || undefined,
  ])
}

type Within = (part: JsonSchema, inner: unknown) => Acceptance

function ofItsType(schema: SchemaObject, value: unknown, within: Within): Acceptance {
  if (typeof value === 'string') return ofText(schema, value)
  if (typeof value === 'number') return ofNumber(schema, value)
  if (Array.isArray(value)) return ofList(schema, value, within)
  return typeof value === 'object' && value !== null ? ofObject(schema, value, within) : true
}

function ofText(
  { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern, format }: SchemaObject,
  text: string,
): Acceptance {
  const length = [...text].length
  return all([
    length >= minLength && length <= maxLength,
    pattern === undefined || matches(pattern, text),
    format === undefined || undefined,
  ])
}

function ofNumber(schema: SchemaObject, number: number): Acceptance {
  const [lower, upper] = [lowerBound(schema), upperBound(schema)]
  return all([
    lower.exclusive ? number > lower.at : number >= lower.at,
    upper.exclusive ? number < upper.at : number <= upper.at,
    schema.multipleOf === undefined || isMultiple(number, schema.multipleOf),
  ])
}

/** Whether a number is a multiple of a step; `undefined` for fractions, which have no exact form. */
function isMultiple(number: number, step: number): Acceptance {
  return Number.isInteger(step) && Number.isSafeInteger(number) ? number % step === 0 : undefined
}

/** Whether a text matches; `undefined` if the pattern is not a regular expression of JavaScript. */
function matches(pattern: string, text: string): Acceptance {
  try {
    return new RegExp(pattern, 'u').test(text)
  } catch {
    return undefined
  }
}

function ofList(schema: SchemaObject, list: readonly unknown[], within: Within): Acceptance {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema
  return all([
    list.length >= minItems && list.length <= maxItems,
    ...list.map((value, index) => within(itemAt(schema, index), value)),
  ])
}

function ofObject(schema: SchemaObject, object: object, within: Within): Acceptance {
  const { properties = {}, required = [], additionalProperties = true, propertyNames = true } = schema
  return all([
    required.every((name) => Object.hasOwn(object, name)),
    ...Object.entries(object).map(([name, value]) =>
      all([
        within(propertyNames, name),
        within((Object.hasOwn(properties, name) ? properties[name] : undefined) ?? additionalProperties, value),
      ]),
    ),
  ])
}

/** Returns the schema of the item at a position of a list. */
export function itemAt({ items, prefixItems, additionalItems = true }: SchemaObject, index: number): JsonSchema {
  const tuple = prefixItems ?? (Array.isArray(items) ? (items as readonly JsonSchema[]) : undefined)
  const rest = prefixItems !== undefined ? ((items as JsonSchema | undefined) ?? true) : additionalItems
  if (tuple !== undefined) return tuple[index] ?? rest
  return (items as JsonSchema | undefined) ?? true
}

/** How many positions of a list have a schema of their own. */
export function placesOf({ items, prefixItems }: SchemaObject): number {
  if (prefixItems !== undefined) return prefixItems.length
  return Array.isArray(items) ? items.length : 0
}

function all(parts: readonly Acceptance[]): Acceptance {
  if (parts.includes(false)) return false
  return parts.includes(undefined) ? undefined : true
}

function any(parts: readonly Acceptance[]): Acceptance {
  if (parts.includes(true)) return true
  return parts.includes(undefined) ? undefined : false
}

function exactlyOne(parts: readonly Acceptance[]): Acceptance {
  const [yes, unsure] = [parts.filter((part) => part === true).length, parts.includes(undefined)]
  if (yes > 1) return false
  return unsure ? undefined : yes === 1
}
