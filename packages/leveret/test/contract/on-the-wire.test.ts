import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Codec } from '../../src/contract/payloads/codec.js'
import { json } from '../../src/contract/payloads/codec.js'
import { encodePayload, type PayloadContract } from '../../src/contract/payloads/payload.js'
import type { Schema } from '../../src/contract/payloads/schema.js'

const row = {
  userId: 7,
  email: 'ann@example.org',
  passwordHash: 'my-secret',
  address: { city: 'Ulm', geo: 'my-secret' },
}

/** What is sent of a value, read again. */
async function sent(payload: Schema, value: unknown, codec: Codec = json): Promise<unknown> {
  const contract: PayloadContract = { name: 'x', codec, payload }
  return JSON.parse((await encodePayload(contract, value)).toString())
}

/** Resolves when all that was begun has had a turn. */
async function soon(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

describe('keys that the schema does not name', () => {
  const named = z.object({ userId: z.int(), email: z.email(), address: z.object({ city: z.string() }) })
  const known = { userId: 7, email: 'ann@example.org', address: { city: 'Ulm' } }

  test.each<readonly [what: string, schema: Schema, value: unknown, expected: unknown]>([
    ['of an object', named, row, known],
    ['of objects in an array', z.array(named), [row], [known]],
    ['of one of several', z.union([z.int(), named]), row, known],
    ['with a check of its own', named.refine(() => true), row, known],
    ['with an asynchronous check', named.refine(async () => true), row, known],
    ['with a brand', named.brand('row'), row, known],
    [
      'of a nested object alone',
      z.looseObject({ address: z.object({ city: z.string() }) }),
      row,
      { ...row, address: known.address },
    ],
  ])('stay out of the message: %s', async (_what, schema, value, expected) => {
    expect(await sent(schema, value)).toEqual(expected)
  })

  const at = z.string().transform((text) => new Date(text))
  test.each<readonly [what: string, part: z.ZodType]>([
    ['a transform', at.optional()],
    ['a default', z.string().default('none')],
    ['a prefault', z.string().prefault('none')],
    ['a catch', z.string().catch('none')],
    ['a coercion', z.coerce.date().optional()],
    ['a pipe', z.string().pipe(z.string()).optional()],
    ['a preprocess', z.preprocess((value) => value, z.string().optional())],
    ['trim', z.string().trim().optional()],
  ])('go out with %s, as the input does: a transform runs once', async (_what, part) => {
    expect(await sent(z.object({ userId: z.int(), part }), row)).toEqual(row)
  })

  test('go out with a schema of another library, which may transform', async () => {
    expect(await sent(v.object({ userId: v.number() }), row)).toEqual(row)
    await expect((async () => await sent(v.strictObject({ userId: v.number() }), row))()).rejects.toThrow('not sent')
  })
})

describe('what was checked is what is encoded, though the payload changes meanwhile,', () => {
  const below = async ({ amount }: { amount: number }): Promise<boolean> => {
    await soon()
    return amount <= 500
  }

  test.each<readonly [what: string, schema: Schema]>([
    ['by an asynchronous refinement', z.object({ amount: z.number() }).refine(below)],
    ['by one of a part', z.object({ amount: z.number().refine(async (amount) => await below({ amount })) })],
    ['beside a transform', z.object({ amount: z.number().transform((amount) => amount) }).refine(below)],
    ['of an open schema', z.custom<{ amount: number }>(async (value) => await below(value as { amount: number }))],
    ['by valibot', v.pipeAsync(v.object({ amount: v.number() }), v.checkAsync(below))],
    [
      'by a schema that reads it late',
      {
        '~standard': {
          version: 1,
          vendor: 'nobody',
          validate: async (value) =>
            (await below(value as { amount: number })) ? { value } : { issues: [{ message: 'no' }] },
        },
      } satisfies Schema,
    ],
  ])('%s', async (_what, schema) => {
    for (const round of [1, 2, 3]) {
      const payload = { amount: round }
      const sending = sent(schema, payload)
      payload.amount = 999_999
      expect(await sending).toEqual({ amount: round })
      const refused = { amount: 999_999 }
      const refusing = sent(schema, refused)
      refused.amount = 1
      await expect(refusing).rejects.toMatchObject({ name: 'PayloadError' })
    }
  })

  test('a codec that fails at once leaves no rejection of the schema behind', async () => {
    const schema = z
      .object({ n: z.number().transform((n) => n) })
      .refine(async () => await Promise.reject(new Error('late')))
    const failing: Codec = { ...json, encode: json.encode }
    const circular: { n: number; self?: unknown } = { n: 1 }
    circular.self = circular
    await expect(sent(schema, circular, failing)).rejects.toMatchObject({ name: 'PayloadError' })
    await soon()
  })
})

test('a transform of the keys of a record runs once too, at the receiver', async () => {
  const prefixed = z.record(
    z.string().transform((key) => `id-${key}`),
    z.int(),
  )
  expect(await sent(prefixed, { a: 1 })).toEqual({ a: 1 })
  expect(await sent(z.object({ counts: prefixed }), { counts: { a: 1 }, more: 2 })).toEqual({
    counts: { a: 1 },
    more: 2,
  })
})
