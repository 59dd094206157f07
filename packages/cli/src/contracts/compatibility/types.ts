import type { JsonType, SchemaObject } from '../schema/json-schema.js'

const ALL: readonly JsonType[] = ['null', 'boolean', 'number', 'string', 'array', 'object']

/** Returns the types that a schema takes; all types if it names none. */
export function typesOf({ type }: SchemaObject): readonly JsonType[] {
  if (type === undefined) return ALL
  return typeof type === 'string' ? [type] : type
}

/** Whether every value of the type is among these types. */
export function takesType(types: readonly JsonType[], type: JsonType): boolean {
  return types.includes(type) || (type === 'integer' && types.includes('number'))
}

/** Whether some value may be of both types. */
export function typesMeet(one: JsonType, other: JsonType): boolean {
  return one === other || [one, other].every((type) => type === 'integer' || type === 'number')
}

/** Returns the type of a JSON value. */
export function typeOf(value: unknown): JsonType {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value as JsonType
}
