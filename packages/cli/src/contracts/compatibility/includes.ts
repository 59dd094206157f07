import { asObject, isSame, type JsonSchema, type JsonType, type SchemaObject } from '../schema/json-schema.js'
import { accepts } from './accepts.js'
import type { Compare } from './compare.js'
import { areDisjoint } from './disjoint.js'
import { breaks, cannotTell, type Doubt } from './doubt.js'
import { listDoubts } from './lists.js'
import { numberDoubts } from './numbers.js'
import { objectDoubts } from './objects.js'
import { flatten, hasReference, isAnnotation } from './resolve.js'
import { textDoubts } from './texts.js'
import { takesType, typesMeet, typesOf } from './types.js'

/** The deepest comparison, because a schema that refers to itself in newly merged parts has no end. */
const DEEPEST = 100

/**
 * Lists the doubts whether a reader takes everything that a writer writes; empty if there are none.
 *
 * A writer writes the properties that its schema names, and others only if the schema says so (`additionalProperties`),
 * because a message holds the validated payload. A missing doubt is a proof: where nothing can be proven, there is a
 * `cannot tell`.
 */
export function doubtsOf(reader: JsonSchema, writer: JsonSchema): readonly Doubt[] {
  const isOneDocument = isSame(reader, writer)
  // Pairs under comparison. A schema that refers to itself fits itself, unless there is another doubt.
  const open = new Map<JsonSchema, Set<JsonSchema>>()
  let depth = 0
  const compare: Compare = (one, other, path) => {
    if (isSame(one, other) && (isOneDocument || !hasReference(one))) return []
    if (open.get(one)?.has(other)) return []
    if (depth > DEEPEST) return [cannotTell(path, 'the schema goes deeper than is followed here')]
    const others = open.get(one) ?? new Set()
    open.set(one, others.add(other))
    depth += 1
    try {
      return comparePair(one, other, path)
    } finally {
      depth -= 1
      others.delete(other)
    }
  }
  const comparePair = (one: JsonSchema, other: JsonSchema, path: string): Doubt[] => {
    const flatReader = flatten({ schema: asObject(one), root: reader })
    const flatWriter = flatten({ schema: asObject(other), root: writer })
    if (flatReader === 'unknown' || flatWriter === 'unknown') {
      return [cannotTell(path, 'the schema is put together (allOf, $ref) in a way that is not followed here')]
    }
    return new Comparison(reader, compare, { reader: one, writer: other }).doubts(flatReader, flatWriter, path)
  }
  return compare(reader, writer, '')
}

/** Compares two schemas without references. */
class Comparison {
  readonly #root: JsonSchema
  readonly #compare: Compare
  readonly #given: { readonly reader: JsonSchema; readonly writer: JsonSchema }

  constructor(root: JsonSchema, compare: Compare, given: { readonly reader: JsonSchema; readonly writer: JsonSchema }) {
    this.#root = root
    this.#compare = compare
    this.#given = given
  }

  doubts(reader: SchemaObject, writer: SchemaObject, path: string): Doubt[] {
    if (saysNothing(reader)) return []
    const values = valuesOf(writer)
    if (values !== undefined) return this.#valueDoubts(reader, values, path)
    const branches = writer.anyOf ?? writer.oneOf
    if (branches !== undefined) return this.#writerBranches(writer, branches, path)
    const types = typesOf(writer)
    if (types.length > 1) {
      const isPlain = reader.anyOf === undefined && reader.oneOf === undefined && valuesOf(reader) === undefined
      if (isPlain) return this.#byType(reader, writer, path)
      return types.flatMap((type) => this.#compare(this.#given.reader, { ...writer, type }, path))
    }
    if (valuesOf(reader) !== undefined) {
      return [
        breaks(
          path,
          `{reader} takes ${shown(valuesOf(reader) ?? [])} only, and {writer} may have any ${typesOf(writer)[0]}`,
        ),
      ]
    }
    const choice = this.#readerBranches(reader, writer, path)
    return [...choice, ...this.#byType(reader, writer, path)]
  }

  /** Checks each of the listed values. */
  #valueDoubts(reader: SchemaObject, values: readonly unknown[], path: string): Doubt[] {
    const answers = values.map((value) => ({ value, answer: accepts(reader, value, this.#root) }))
    const refused = answers.filter(({ answer }) => answer === false).map(({ value }) => value)
    const unsure = answers.filter(({ answer }) => answer === undefined).map(({ value }) => value)
    return [
      ...(refused.length === 0 ? [] : [breaks(path, `{reader} refuses ${shown(refused)}, and {writer} may have that`)]),
      ...(unsure.length === 0 ? [] : [cannotTell(path, `whether {reader} takes ${shown(unsure)}`)]),
    ]
  }

  #writerBranches(
    { anyOf: _any, oneOf: _one, ...base }: SchemaObject,
    branches: readonly JsonSchema[],
    path: string,
  ): Doubt[] {
    const isBare = Object.keys(base).every((keyword) => isAnnotation(keyword) || keyword === 'type')
    return unique(
      branches.flatMap((branch) =>
        // Keywords beside the branches narrow them. Without these keywords the branches take more, so nothing is
        // missed.
        this.#compare(this.#given.reader, isBare || branch === true ? branch : { allOf: [base, branch] }, path),
      ),
    )
  }

  /** Checks a reader with branches. It takes what one branch takes; with `oneOf`, no other branch may take it too. */
  #readerBranches(reader: SchemaObject, writer: SchemaObject, path: string): Doubt[] {
    const branches = reader.anyOf ?? reader.oneOf
    if (branches === undefined) return []
    const near = branches.filter((branch) => !areDisjoint(this.#flat(branch), writer))
    if (near.length === 0) return [breaks(path, '{reader} has no variant of that kind, and {writer} may have it')]
    const doubts = near.map((branch) => this.#compare(branch, this.#given.writer, path))
    const fits = doubts.findIndex((list) => list.length === 0)
    if (fits >= 0 && (reader.oneOf === undefined || near.length === 1)) return []
    if (fits < 0 && near.length === 1) return doubts[0] ?? []
    return [cannotTell(path, 'whether exactly one variant of {reader} takes what {writer} has')]
  }

  #flat(branch: JsonSchema): SchemaObject {
    const flat = flatten({ schema: asObject(branch), root: this.#root })
    return flat === 'unknown' ? {} : flat
  }

  #byType(reader: SchemaObject, writer: SchemaObject, path: string): Doubt[] {
    const taken = typesOf(reader)
    const refused = typesOf(writer).filter((type) => !takesType(taken, type))
    const meets = typesOf(writer).filter((type) => taken.some((other) => typesMeet(type, other)))
    const wrong = refused.map((type) =>
      breaks(path, `{reader} takes ${taken.join(' or ')} only, and {writer} may have ${type}`),
    )
    const inside = meets.flatMap((type) => this.#ofType(type, reader, writer, path))
    return unique([...wrong, ...inside, ...unknownDoubts(reader, writer, path)])
  }

  #ofType(type: JsonType, reader: SchemaObject, writer: SchemaObject, path: string): Doubt[] {
    switch (type) {
      case 'string':
        return textDoubts(reader, writer, path)
      case 'number':
      case 'integer':
        return numberDoubts(reader, writer, type === 'integer', path)
      case 'array':
        return listDoubts(reader, writer, path, this.#compare)
      case 'object':
        return objectDoubts(reader, writer, path, this.#compare, (schema, value) => accepts(schema, value, this.#root))
      default:
        return []
    }
  }
}

const KNOWN = new Set([
  ...['type', 'enum', 'const', 'anyOf', 'oneOf', 'properties', 'required', 'additionalProperties', 'propertyNames'],
  ...['items', 'prefixItems', 'additionalItems', 'minItems', 'maxItems', 'minimum', 'maximum', 'contentEncoding'],
  ...['exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength', 'pattern', 'format'],
])

/** Keywords whose meaning depends on those beside them. */
const NOT_ALONE = new Set(['patternProperties', 'unevaluatedProperties', 'unevaluatedItems', '$dynamicRef'])

/** Lists doubts about unknown keywords. There is none if both schemas have the same keyword and value. */
function unknownDoubts(reader: SchemaObject, writer: SchemaObject, path: string): Doubt[] {
  const unknown = Object.keys(reader).filter((keyword) => !KNOWN.has(keyword) && !isAnnotation(keyword))
  const odd = unknown.filter(
    (keyword) => NOT_ALONE.has(keyword) || !isSame(reader[keyword], writer[keyword]) || hasReference(reader[keyword]),
  )
  return [
    ...odd.map((keyword) => cannotTell(path, `what the keyword '${keyword}' of {reader} refuses`)),
    ...(writer.patternProperties === undefined
      ? []
      : [cannotTell(path, 'which properties {writer} has (patternProperties)')]),
  ]
}

function saysNothing(schema: SchemaObject): boolean {
  return Object.keys(schema).every(isAnnotation)
}

/** Returns the values of a schema that lists them. */
function valuesOf(schema: SchemaObject): readonly unknown[] | undefined {
  if ('const' in schema) return [schema.const]
  if (schema.enum !== undefined) return schema.enum
  if (schema.type === 'null') return [null]
  return schema.type === 'boolean' ? [true, false] : undefined
}

function shown(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ')
}

function unique(doubts: readonly Doubt[]): Doubt[] {
  return [...new Map(doubts.map((doubt) => [JSON.stringify(doubt), doubt])).values()]
}
