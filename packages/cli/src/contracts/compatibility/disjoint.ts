import { isSame, type SchemaObject } from '../schema/json-schema.js'
import { typesMeet, typesOf } from './types.js'

/**
 * Whether it is certain that no value passes both, because of their types, their listed values, or the listed values of
 * a property that both require.
 */
export function areDisjoint(one: SchemaObject, other: SchemaObject): boolean {
  if (!typesOf(one).some((type) => typesOf(other).some((with_) => typesMeet(type, with_)))) return true
  const [left, right] = [listed(one), listed(other)]
  if (left !== undefined && right !== undefined) return !left.some((value) => right.some((also) => isSame(value, also)))
  return isObject(one) && isObject(other) && haveOtherTags(one, other)
}

function isObject(schema: SchemaObject): boolean {
  return schema.type === 'object'
}

function haveOtherTags(one: SchemaObject, other: SchemaObject): boolean {
  const required = (one.required ?? []).filter((name) => other.required?.includes(name))
  return required.some((name) => {
    const [left, right] = [one.properties?.[name], other.properties?.[name]]
    if (typeof left !== 'object' || typeof right !== 'object') return false
    return areDisjointTags(left, right)
  })
}

/** Whether two tags are disjoint. References are not followed, because they may stand for anything. */
function areDisjointTags(left: SchemaObject, right: SchemaObject): boolean {
  const [values, others] = [listed(left), listed(right)]
  return (
    values !== undefined && others !== undefined && !values.some((value) => others.some((also) => isSame(value, also)))
  )
}

function listed(schema: SchemaObject): readonly unknown[] | undefined {
  if ('const' in schema) return [schema.const]
  return schema.enum
}
