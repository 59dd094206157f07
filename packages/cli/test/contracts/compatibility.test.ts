import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { doubtsOf, type JsonSchema } from '../../src/index.js'

function schemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }) as Record<
    string,
    unknown
  >
  return rest
}

/** What a change breaks: messages of the old version for new readers, and messages of the new one for old readers. */
function broken(before: z.ZodType, after: z.ZodType): { backward: string[]; forward: string[] } {
  const lines = (reader: z.ZodType, writer: z.ZodType): string[] =>
    doubtsOf(schemaOf(reader), schemaOf(writer)).map(({ answer, path }) => `${answer} ${path}`.trim())
  return { backward: lines(after, before), forward: lines(before, after) }
}

const base = z.object({
  id: z.uuid(),
  size: z.int().min(1).max(10),
  kind: z.enum(['a', 'b']),
  note: z.string().optional(),
})
const fine: string[] = []

describe('a change of a payload', () => {
  test('an optional property added breaks nothing, unless the reader is strict', () => {
    expect(broken(base, base.extend({ more: z.string().optional() }))).toEqual({ backward: fine, forward: fine })
    const strict = z.strictObject({ id: z.string() })
    expect(broken(strict, strict.extend({ more: z.string().optional() }))).toEqual({
      backward: fine,
      forward: ['breaks more'],
    })
  })

  test('a required property added breaks old messages', () => {
    expect(broken(base, base.extend({ more: z.string() }))).toEqual({ backward: ['breaks more'], forward: fine })
    expect(broken(base, base.extend({ more: z.string().default('x') }))).toEqual({ backward: fine, forward: fine })
  })

  test('a narrower type, a removed value and a tighter bound break old messages', () => {
    expect(broken(z.object({ n: z.number() }), z.object({ n: z.int() }))).toEqual({
      backward: ['breaks n', 'breaks n', 'breaks n'],
      forward: fine,
    })
    expect(broken(base, base.extend({ kind: z.enum(['a']) }))).toEqual({ backward: ['breaks kind'], forward: fine })
    expect(broken(base, base.extend({ size: z.int().min(2).max(9) }))).toEqual({
      backward: ['breaks size', 'breaks size'],
      forward: fine,
    })
  })

  test('a removed property, one made optional, an added value and a looser bound break old readers', () => {
    expect(broken(base, base.omit({ id: true }))).toEqual({ backward: fine, forward: ['breaks id'] })
    expect(broken(base, base.partial({ id: true }))).toEqual({ backward: fine, forward: ['breaks id'] })
    expect(broken(base, base.extend({ kind: z.enum(['a', 'b', 'c']) }))).toEqual({
      backward: fine,
      forward: ['breaks kind'],
    })
    expect(broken(base, base.extend({ size: z.int().min(0).max(10) }))).toEqual({
      backward: fine,
      forward: ['breaks size'],
    })
  })

  test('a variant of a discriminated union is found by its tag, and its path is reported', () => {
    const a = z.object({ kind: z.literal('a'), n: z.int() })
    const b = z.object({ kind: z.literal('b'), text: z.string() })
    const both = z.discriminatedUnion('kind', [a, b])
    expect(broken(both, both)).toEqual({ backward: fine, forward: fine })
    expect(broken(z.discriminatedUnion('kind', [a]), both)).toEqual({ backward: fine, forward: ['breaks'] })
    const longer = z.discriminatedUnion('kind', [a, b.extend({ text: z.string().min(3) })])
    expect(broken(both, longer)).toEqual({ backward: ['breaks text'], forward: fine })
  })

  test('lists, tuples, records and nested paths are walked', () => {
    const lines = (sku: z.ZodType) => z.object({ order: z.object({ lines: z.array(z.object({ sku })) }) })
    expect(broken(lines(z.string()), lines(z.string().max(5)))).toEqual({
      backward: ['breaks order.lines[].sku'],
      forward: fine,
    })
    expect(broken(z.tuple([z.string(), z.int()]), z.tuple([z.string(), z.string()]))).toMatchObject({
      backward: ['breaks [1]'],
    })
    expect(broken(z.record(z.string(), z.int()), z.record(z.string(), z.string()))).toMatchObject({
      backward: ['breaks *'],
    })
    expect(broken(z.array(z.string()).max(3), z.array(z.string()))).toEqual({ backward: fine, forward: ['breaks'] })
  })

  test('a schema that refers to itself comes to an end', () => {
    const tree = z.object({
      n: z.int(),
      get next() {
        return tree.optional()
      },
    })
    const wider = z.object({
      n: z.number(),
      get next() {
        return wider.optional()
      },
    })
    expect(broken(tree, tree)).toEqual({ backward: fine, forward: fine })
    expect(broken(tree, wider).backward).toEqual(fine)
    expect(broken(tree, wider).forward[0]).toBe('breaks n')
  })

  test('an undecided change is a warning', () => {
    const of = (pattern: RegExp) => z.object({ id: z.string().regex(pattern) })
    expect(broken(of(/^a/), of(/^[ab]/))).toEqual({ backward: ['cannot tell id'], forward: ['cannot tell id'] })
    expect(broken(z.object({ id: z.string() }), of(/^a/))).toEqual({ backward: ['breaks id'], forward: fine })
  })
})
