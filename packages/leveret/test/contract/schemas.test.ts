import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { json } from '../../src/contract/payloads/codec.js'
import { decodePayload, encodePayload } from '../../src/contract/payloads/payload.js'
import type { Schema } from '../../src/contract/payloads/schema.js'
import type { PayloadError } from '../../src/errors/payload-error.js'
import { forbidSurprises } from '../support/surprises.js'
import { THENABLES } from '../support/thenables.js'

forbidSurprises()

const SECRET = 'my-secret'
const BUG = new Error('a bug in the schema')

function throwBug(): never {
  throw BUG
}

async function rejectBug(): Promise<never> {
  throw BUG
}

/** The error that a schema refuses a value with, in one direction. */
async function errorOf(
  payload: Schema,
  value: unknown,
  direction: 'outgoing' | 'incoming' = 'outgoing',
): Promise<PayloadError> {
  const contract = { name: 'x', codec: json, payload }
  try {
    await (direction === 'outgoing'
      ? encodePayload(contract, value)
      : decodePayload(contract, json.encode(value), { contentType: json.contentType }))
  } catch (error) {
    return error as PayloadError
  }
  throw new Error('it was accepted')
}

/** A schema of no library. */
function standard(validate: Schema['~standard']['validate']): Schema {
  return { '~standard': { version: 1, vendor: 'nobody', validate } }
}

describe.each(['outgoing', 'incoming'] as const)('a schema that fails, of what is %s,', (direction) => {
  test.each<readonly [how: string, schema: Schema]>([
    ['throws in a refinement of zod', z.string().refine(throwBug)],
    ['throws in a transform of zod', z.string().transform(throwBug)],
    ['rejects in a refinement of zod', z.string().refine(rejectBug)],
    ['rejects deep in a schema of zod', z.object({ a: z.array(z.union([z.string().refine(rejectBug), z.int()])) })],
    ['rejects in a superRefine of zod', z.string().superRefine(rejectBug)],
    ['rejects in a check of zod', z.string().check(rejectBug)],
    ['rejects in a lazy schema of zod', z.lazy(() => z.string().refine(rejectBug))],
    ['throws in a check of valibot', v.pipe(v.string(), v.check(throwBug))],
    ['rejects in a check of valibot', v.pipeAsync(v.string(), v.checkAsync(rejectBug))],
    ['throws in a narrowing of arktype', type('string').narrow(throwBug)],
    ['throws', standard(throwBug)],
    ['rejects', standard(rejectBug)],
    ...THENABLES.map(([name, make]) => [`rejects as ${name}`, standard(() => make(rejectBug()))] as const),
  ])('since it %s, is a PayloadError with its cause', async (how, schema) => {
    const value = how.includes('deep') ? { a: [SECRET] } : SECRET
    const error = await errorOf(schema, value, direction)
    expect(error).toMatchObject({ name: 'PayloadError', direction, contract: 'x', retryable: true, cause: BUG })
    expect(error.message).toMatch(/the schema itself failed$/)
  })

  test.each<readonly [what: string, result: unknown]>([
    ['nothing', undefined],
    ['invalid issues', { issues: 'many' }],
    ['an issue that cannot be read', { issues: [null] }],
  ])('since it returns %s, is a PayloadError', async (_what, result) => {
    const error = await errorOf(
      standard(() => result as never),
      SECRET,
      direction,
    )
    expect(error).toMatchObject({ name: 'PayloadError', retryable: true })
  })
})

test('an asynchronous refinement of zod runs once for each value', async () => {
  let runs = 0
  const refinement = async (): Promise<boolean> => {
    runs += 1
    return true
  }
  const contract = { name: 'x', codec: json, payload: z.object({ a: z.string().refine(refinement) }) }
  for (const a of ['1', '2', '3']) await encodePayload(contract, { a })
  expect(runs).toBe(3)
})

test('a schema of zod without functions, or with synchronous ones, answers at once', () => {
  const payloads = [z.object({ a: z.string() }), z.object({ a: z.string().transform((a) => a.length) })]
  for (const payload of payloads) {
    expect(encodePayload({ name: 'x', codec: json, payload }, { a: 'b' })).toEqual(Buffer.from('{"a":"b"}'))
  }
  expect(() => encodePayload({ name: 'x', codec: json, payload: z.string().refine(() => false, 'no') }, 'b')).toThrow(
    "The payload was not sent to 'x': no",
  )
})

describe('validation errors have paths and no values', () => {
  const bad = { id: SECRET, mail: SECRET, kind: SECRET, either: SECRET, list: [{ n: 1 }, { n: SECRET }], extra: SECRET }

  test('by zod', async () => {
    const error = await errorOf(
      z.strictObject({
        id: z.int(),
        mail: z.email(),
        kind: z.enum(['a', 'b']),
        either: z.union([z.int(), z.boolean()]),
        list: z.array(z.object({ n: z.int() })),
      }),
      bad,
    )
    expect(error.issues.map(({ path }) => path.join('.'))).toEqual(['id', 'mail', 'kind', 'either', 'list.1.n', ''])
    expect(JSON.stringify(error.issues) + error).not.toContain(SECRET)
  })

  test('by arktype', async () => {
    const error = await errorOf(
      type({
        id: 'number',
        mail: 'string.email',
        kind: "'a'|'b'",
        either: 'string.url|string.uuid|undefined',
        list: type({ n: 'number.integer' }).array(),
        '+': 'reject',
      }),
      bad,
    )
    expect(Object.fromEntries(error.issues.map(({ path, message }) => [path.join('.'), message]))).toEqual({
      id: 'must be a number',
      mail: 'must be an email address',
      kind: 'must be "a" or "b"',
      either: expect.stringMatching(/^must be .*a URL string/),
      'list.1.n': 'must be a number',
      extra: 'must be removed',
    })
    expect(JSON.stringify(error.issues) + error).not.toContain(SECRET)
  })

  test.each<readonly [what: string, schema: Schema, value: unknown, message: string]>([
    ['all of several', type('string.email & string < 3'), SECRET, 'must be an email address and at most length 2'],
    [
      'one of several in several places',
      type({ a: 'string' }).or({ b: 'number' }),
      { a: 1, b: SECRET },
      'a must be a string or b must be a number',
    ],
    ['what a parser says', type('string.json.parse'), SECRET, 'must be a JSON string'],
    [
      'words of the schema',
      type('string')
        .describe('a name in capitals')
        .narrow(() => false),
      SECRET,
      'must be',
    ],
  ])('by arktype of %s', async (_what, schema, value, message) => {
    const error = await errorOf(schema, value)
    expect(error.issues).toMatchObject([{ path: [], message: expect.stringContaining(message) }])
    expect(JSON.stringify(error.issues) + error).not.toContain(SECRET)
  })

  test('by valibot', async () => {
    const error = await errorOf(
      v.strictObject({
        id: v.number(),
        mail: v.pipe(v.string(), v.email()),
        kind: v.picklist(['a', 'b']),
        either: v.union([v.number(), v.boolean()]),
        list: v.array(v.object({ n: v.number() })),
      }),
      bad,
    )
    expect(Object.fromEntries(error.issues.map(({ path, message }) => [path.join('.'), message]))).toEqual({
      id: 'Invalid type: Expected number but received …',
      mail: 'Invalid email: Received …',
      kind: 'Invalid type: Expected ("a" | "b") but received …',
      either: 'Invalid type: Expected (number | boolean) but received …',
      'list.1.n': 'Invalid type: Expected number but received …',
      extra: 'Invalid key: Expected never but received …',
    })
    expect(JSON.stringify(error.issues) + error).not.toContain(SECRET)
  })

  test('by valibot of maps, sets, numbers, and in words of the schema', async () => {
    const key = { an: SECRET }
    const schema = v.object({
      map: v.map(v.any(), v.number()),
      set: v.set(v.number()),
      less: v.pipe(v.number(), v.maxValue(1)),
      own: v.pipe(
        v.string(),
        v.check(() => false, 'my own words'),
      ),
      quoting: v.pipe(
        v.string(),
        v.check(
          () => false,
          ({ received }) => `${received} is no good`,
        ),
      ),
    })
    const value = { map: new Map([[key, SECRET]]), set: new Set([SECRET]), less: 77_777, own: SECRET, quoting: SECRET }
    const error = await errorOf(schema, value)
    expect(Object.fromEntries(error.issues.map(({ path, message }) => [path.join('.'), message]))).toEqual({
      'map.?': 'Invalid type: Expected number but received …',
      'set.?': 'Invalid type: Expected number but received …',
      less: 'Invalid value: Expected <=1 but received …',
      own: 'my own words',
      quoting: '… is no good',
    })
    expect(JSON.stringify(error.issues) + error).not.toContain(SECRET)
  })
})

test('promises are waited for where the global Promise is not that of async functions', async () => {
  const { Promise: Before } = globalThis
  onTestFinished(() => {
    globalThis.Promise = Before
  })
  globalThis.Promise = class Other<T> extends Before<T> {}
  const slow = async <T>(value: T): Promise<T> => value
  const payload = standard((value) => slow({ value: `${value}!` }))
  const codec = { ...json, encode: (value: unknown) => slow(json.encode(value)), decode: async () => 'decoded' }
  const contract = { name: 'x', codec, payload }
  expect(await encodePayload(contract, 'a')).toEqual(Buffer.from('"a"'))
  expect(await decodePayload(contract, Buffer.from('"a"'), {})).toBe('decoded!')
  expect(await errorOf(standard(rejectBug), 'a')).toMatchObject({ name: 'PayloadError', cause: BUG })
})
