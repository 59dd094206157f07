import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { encodePayload } from '../../src/contract/payloads/payload.js'
import {
  bytes,
  type Codec,
  directExchange,
  fanoutExchange,
  headersExchange,
  json,
  OptionsError,
  procedure,
  type Schema,
  text,
  topicExchange,
  workQueue,
} from '../../src/index.js'

/** The error that a function throws. */
function errorOf(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}

describe('a contract of a payload that JSON cannot carry is refused when it is described', () => {
  const day = { at: z.date() }
  test.each<readonly [what: string, schema: z.ZodType, path: string, instead: string]>([
    ['a Date', z.object(day), 'payload.at', 'z.iso.datetime()'],
    [
      'a Date deep inside',
      z.object({ days: z.array(z.object(day).nullable()) }),
      'payload.days.[].at',
      'z.iso.datetime()',
    ],
    ['a Date in one of several', z.union([z.string(), z.object(day)]), 'payload.at', 'z.iso.datetime()'],
    ['a Date that may be missing', z.object({ at: z.date().optional() }), 'payload.at', 'z.iso.datetime()'],
    ['a Date in a record', z.record(z.string(), z.date()), 'payload.{}', 'z.iso.datetime()'],
    ['a Date as a class', z.object({ at: z.instanceof(Date) }), 'payload.at', 'z.iso.datetime()'],
    ['a Date that is transformed', z.object({ at: z.date().transform(String) }), 'payload.at', 'z.iso.datetime()'],
    ['a Map', z.object({ m: z.map(z.string(), z.int()) }), 'payload.m', 'z.record()'],
    ['a Set', z.set(z.string()), 'payload', 'z.array()'],
    ['a bigint', z.object({ n: z.bigint() }), 'payload.n', 'text'],
    ['an int64', z.object({ n: z.int64() }), 'payload.n', 'text'],
    ['a bigint as a literal', z.literal(1n), 'payload', 'text'],
    ['a symbol', z.object({ s: z.symbol() }), 'payload.s', 'symbol'],
    ['NaN', z.object({ n: z.nan() }), 'payload.n', 'z.null()'],
    ['undefined in an array', z.array(z.string().optional()), 'payload.[]', '.nullable()'],
    ['undefined that is no absence', z.object({ a: z.union([z.string(), z.undefined()]) }), 'payload.a', '.optional()'],
    ['bytes', z.object({ b: z.instanceof(Uint8Array) }), 'payload.b', 'z.base64()'],
    ['a file', z.object({ f: z.file() }), 'payload.f', 'z.base64()'],
    [
      'a recursive Date',
      z.object({
        get next() {
          return z.object(day).optional()
        },
      }),
      'payload.next.at',
      'z.iso',
    ],
  ])('%s', (_what, payload, path, instead) => {
    const error = errorOf(() => workQueue('q', { payload }))
    expect(error).toBeInstanceOf(OptionsError)
    expect(error).toMatchObject({ message: expect.stringContaining(`workQueue('q'): ${path}: `) })
    expect(error).toMatchObject({ message: expect.stringContaining(instead) })
  })

  // The compiler does not know what these take: it would refuse them.
  const late: Schema = z.object(day)
  const table: Schema = z.object({})
  const number: Schema = z.int().optional()
  const line: Schema = z.string()
  test.each<readonly [where: string, describeIt: () => unknown]>([
    ["fanoutExchange('e'): payload.at", () => fanoutExchange('e', { payload: late })],
    ["directExchange('e'): 'a.b'.at", () => directExchange('e', { 'a.b': late })],
    ["topicExchange('e'): 'a.*'.at", () => topicExchange('e', { 'a.*': late })],
    ["headersExchange('e'): payload.at", () => headersExchange('e', { headers: z.object({}), payload: late })],
    ["procedure('p'): payload.at", () => procedure('p', { request: late, response: z.string() })],
    ["procedure('p'): response.at", () => procedure('p', { request: z.string(), response: late })],
    [
      "procedure('p'): errors.late.at",
      () => procedure('p', { request: z.string(), response: z.string(), errors: { late: late } }),
    ],
    ["workQueue('q'): payload: the codec `text`", () => workQueue('q', { codec: text, payload: table })],
    ["workQueue('q'): payload: the codec `text`", () => workQueue('q', { codec: [text, json], payload: number })],
    ["workQueue('q'): payload: the codec `bytes`", () => workQueue('q', { codec: bytes, payload: line })],
  ])('%s', (where, describeIt) => {
    expect(errorOf(describeIt)).toMatchObject({ name: 'OptionsError', message: expect.stringContaining(where) })
  })
})

const DESCRIBED: readonly (readonly [what: string, schema: z.ZodType, codec?: Codec])[] = [
  ['text of a Date', z.object({ at: z.iso.datetime() })],
  [
    'a codec of a Date',
    z.object({ at: z.codec(z.iso.datetime(), z.date(), { decode: (at) => new Date(at), encode: String }) }),
  ],
  ['a coerced Date', z.object({ at: z.coerce.date() })],
  ['nothing', z.void()],
  ['any JSON', z.json()],
  ['what is not said', z.object({ a: z.unknown(), b: z.any().optional() })],
  ['text with a pattern', z.string().regex(/a/).brand('a'), text],
  ['one of several texts', z.enum(['a', 'b']), text],
  ['nothing as text', z.void(), text],
  ['anything as text', z.any(), text],
  ['what is not said as bytes', z.unknown(), bytes],
  ['a custom type as text', z.custom<string>(), text],
  ['what is coerced as text', z.coerce.number(), text],
  ['bytes', z.instanceof(Uint8Array), bytes],
  ['a Date for a codec of its own', z.object({ at: z.date() }), { ...json, encode: (value) => json.encode(value) }],
  ['what is not defined yet', z.lazy(() => later)],
  ['what has itself inside', tree()],
]

test.each(DESCRIBED.map(([what, payload, codec = json]) => ({ what, payload, codec })))(
  'a contract of $what is described',
  ({ payload, codec }) => {
    expect(workQueue('q', { payload, codec })).toMatchObject({ payload })
  },
)

const later = z.object({ a: z.string() })

function tree(): z.ZodType {
  const node = z.object({
    name: z.string(),
    get children() {
      return z.array(node)
    },
  })
  return node
}

describe('where a schema does not say what it takes, the first payload shows it:', () => {
  const map = new Map([['a', 1]])
  test.each<readonly [what: string, schema: Schema, value: unknown, path: string]>([
    ['a Map under any', z.object({ a: z.any() }), { a: map }, 'a'],
    ['a Date under unknown', z.object({ a: z.array(z.unknown()) }), { a: [new Date()] }, 'a.0'],
    ['a Date of valibot', v.object({ at: v.date() }), { at: new Date() }, 'at'],
    ['a Map of valibot', v.map(v.string(), v.number()), map, ''],
    ['a Set under any of valibot', v.object({ a: v.any() }), { a: new Set() }, 'a'],
    ['a Date of arktype', type({ at: 'Date' }), { at: new Date() }, 'at'],
    ['undefined in an array of valibot', v.array(v.optional(v.string())), [undefined], '0'],
    ['an instance of a class', z.custom<URL>((value) => value instanceof URL), new URL('http://a'), ''],
    ['the input of a transform', z.preprocess((value) => value, z.set(z.string())), new Set(['a']), ''],
  ])('%s is refused by its sender', async (_what, payload, value, path) => {
    const contract = { name: 'x', codec: json, payload }
    const send = async (): Promise<Buffer> => await encodePayload(contract, value)
    for (const _time of [1, 2]) {
      const error = await send().then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).toMatchObject({ name: 'PayloadError', direction: 'outgoing', retryable: false })
      expect(error).toMatchObject({
        issues: [
          { path: path === '' ? [] : path.split('.').map(numbered), message: expect.stringContaining('receiver') },
        ],
      })
    }
  })

  test.each<readonly [what: string, schema: Schema, value: unknown]>([
    ['plain data under any', z.any(), { a: [1, 'b', null, { c: undefined }] }],
    ['a Date that is coerced', z.object({ at: z.coerce.date() }), { at: new Date() }],
    [
      'a default that is new each time',
      z.object({ a: z.unknown(), id: z.string().default(() => String(Math.random())) }),
      { a: 1 },
    ],
    [
      'text that becomes a Date',
      v.pipe(
        v.string(),
        v.transform((at) => new Date(at)),
      ),
      '2026-01-01',
    ],
    ['what valibot strips', v.object({ a: v.number() }), { a: 1, b: 2 }],
    [
      'an instance with fields',
      v.any(),
      new (class {
        a = 1
      })(),
    ],
    ['nothing', v.undefined_(), undefined],
    ['data that is nested deeply', z.any(), JSON.parse(`${'['.repeat(1_500)}${']'.repeat(1_500)}`)],
  ])('%s is sent', async (_what, payload, value) => {
    await expect(
      (async () => await encodePayload({ name: 'x', codec: json, payload }, value))(),
    ).resolves.toBeInstanceOf(Buffer)
  })

  test('and only the first: a schema and a codec are tried once with each other', async () => {
    let [validated, decoded] = [0, 0]
    const payload: Schema = {
      '~standard': {
        version: 1,
        vendor: 'nobody',
        validate: (value) => {
          validated += 1
          return { value }
        },
      },
    }
    const codec: Codec = {
      ...json,
      decode(content) {
        decoded += 1
        return json.decode(content)
      },
    }
    for (const n of [1, 2, 3])
      expect(encodePayload({ name: 'x', codec, payload }, { n })).toEqual(Buffer.from(`{"n":${n}}`))
    expect([validated, decoded]).toEqual([4, 1])
    encodePayload({ name: 'y', codec: json, payload }, { n: 4 })
    expect([validated, decoded]).toEqual([6, 1])
  })

  test('and none at all where the schema says it', () => {
    let decoded = 0
    const codec: Codec = { ...json, decode: () => (decoded += 1) }
    encodePayload({ name: 'x', codec, payload: z.object({ a: z.array(z.string()) }) }, { a: ['b'] })
    expect(decoded).toBe(0)
  })
})

function numbered(step: string): string | number {
  return /^\d+$/.test(step) ? Number(step) : step
}
