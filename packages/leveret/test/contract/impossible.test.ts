import { expect, test } from 'vitest'
import { compile } from '../support/compile.js'

const SETTING = `
import {
  bytes, type Codec, type CodecOption, type Connection, directExchange, exchange, fanoutExchange, headersExchange, json, procedure, ProcedureError, type QueueContractOptions, type QueueType,
  type Schema, stream, Subscriber, subscription, text, topicExchange, workQueue, type WorkQueueOptions,
} from 'leveret'
import { z } from 'zod'
declare const rabbit: Connection
declare const queueType: QueueType
declare const anyName: string
const payload = z.object({ id: z.int() })
const late = z.object({ id: z.int(), at: z.date() })
const getUser = procedure('getUser', {
  request: payload,
  response: z.string(),
  errors: { NotFound: payload, Locked: z.object({ until: z.string() }) },
})
const shop = topicExchange('shop', { 'order.*': payload, 'audit.#': z.string() })
const logs = directExchange('logs', { info: z.string() })
const native = { native: { minMs: 1, maxMs: 2, attempts: 3 } } as const
`

/** What cannot be, and the words of the error that say so. */
const IMPOSSIBLE: readonly (readonly [program: string, ...words: string[]])[] = [
  // Queues
  [`workQueue('q', { payload, queue: { maxPriority: 5 } })`, 'only a classic queue takes a maximal priority'],
  [`subscription('q', { of: logs, bindingKeys: ['info'], queue: { maxPriority: 5 } })`, 'only a classic queue'],
  [`procedure('p', { request: payload, response: payload, queue: { maxPriority: 5 } })`, 'only a classic queue'],
  [`workQueue('q', { payload, queue: { exclusive: true } })`, "'exclusive' does not exist", 'quorum'],
  [`workQueue('q', { payload, queue: { durable: false } })`, 'a quorum queue is always durable'],
  [`workQueue('q', { payload, queue: { type: 'quorum', durable: false, legacyTransient: true } })`, 'always durable'],
  [`workQueue('q', { payload, queue: { type: 'classic', deliveryLimit: 5 } })`, "'deliveryLimit' does not exist"],
  [`workQueue('q', { payload, queue: { type: 'classic' }, retry: native })`, 'only a quorum queue can delay'],
  [
    `subscription('q', { of: logs, bindingKeys: ['info'], queue: { type: 'classic' }, retry: native })`,
    'only a quorum queue can delay a redelivery',
  ],
  [`workQueue('q', { payload, queue: { type: 'classic', consumerTimeoutMs: 60_000 } })`, 'only a quorum queue takes a'],
  [`workQueue('q', { payload, queue: { type: 'stream' } })`, '"stream"', 'QueueType'],
  [`stream('q', { of: shop, bindingKeys: ['#'], retry: native })`, 'native', 'RetryDelays'],
  [`workQueue('q', { payload, retyr: false })`, "Did you mean to write 'retry'?"],
  // Exchanges
  [
    `topicExchange('x', { 'a.*': payload, 'a.b': payload })`,
    `a routing key can match both 'a.*' and 'a.b': make them differ, or set overlap: 'most-specific'`,
  ],
  [`topicExchange('x', { 'a.#': payload, '*.b': payload, 'c': payload })`, "match both '*.b' and 'a.#'"],
  [`topicExchange('x', { '#': payload, 'a': payload }, { overlap: 'refuse' })`, "match both '#' and 'a'"],
  [`subscription('q', { of: shop, bindingKeys: ['oder.#'] })`, "'oder.#' can match no message of the exchange 'shop'"],
  [`stream('q', { of: logs, bindingKeys: ['inf*'] })`, "'inf*' can match no message of the exchange 'logs'"],
  [`new Subscriber(rabbit, shop, () => undefined, { bindingKeys: ['a'] })`, "'a' can match no message"],
  [
    `new Subscriber(rabbit, stream('q', { of: shop, bindingKeys: ['#'] }), () => undefined, { only: ['a'] })`,
    "'a' can match no message",
  ],
  ...(['Date', 'symbol', 'function', 'Map', 'Uint8Array'] as const).map((kind): [string, string] => [
    `headersExchange('x', { headers: z.object({ h: ${schemaOf(kind)} }), payload })`,
    `a header carries no ${kind}, which headers.h takes`,
  ]),
  // Errors
  [`new ProcedureError(getUser, 'NotFound', { until: 'noon' })`, "'until' does not exist", 'id: number'],
  [`new ProcedureError(getUser, 'Locked', { id: 1 })`, "'id' does not exist", 'until: string'],
  [`new ProcedureError(getUser, 'Lost', { id: 1 })`, '"Lost"', 'ErrorCodeOf', 'NotFound', 'Locked'],
  // Payloads
  [`workQueue('q', { payload: z.object({ id: z.int() }), codec: text })`, 'the codec text carries strings only'],
  [
    `workQueue('q', { payload: z.object({ id: z.int() }), codec: [text, json] })`,
    'the codec text carries strings only',
  ],
  [`workQueue('q', { payload: z.string(), codec: bytes })`, 'the codec bytes carries a Uint8Array only'],
  ...(
    ['Date', 'Map', 'Set', 'bigint', 'symbol', 'function', 'Uint8Array', 'file', 'undefined in an array'] as const
  ).map((kind): [string, string] => [
    `workQueue('q', { payload: z.object({ a: z.array(z.object({ b: ${schemaOf(kind)} })) }) })`,
    `JSON carries no ${kind}, which payload.a.[].b takes`,
  ]),
  [`workQueue('q', { payload: late, codec: { ...json, accepts: ['application/octet-stream'] } })`, 'payload.at takes'],
  [`workQueue('q', { payload: z.date().nullable() })`, 'JSON carries no Date, which payload takes'],
  [`workQueue('q', { payload: z.union([z.string(), late]) })`, 'which payload.at takes'],
  [`workQueue('q', { payload: z.record(z.string(), z.bigint()) })`, 'which payload.{} takes'],
  [`procedure('p', { request: late, response: z.void() })`, 'which request.at takes'],
  [`procedure('p', { request: z.void(), response: late })`, 'which response.at takes'],
  [`procedure('p', { request: z.void(), response: z.void(), errors: { Late: late } })`, 'JSON carries no Date'],
  [`fanoutExchange('x', { payload: late })`, 'which payload.at takes'],
  [`exchange('x', { type: 'x-modulus-hash', payload: late })`, 'which payload.at takes'],
  [`headersExchange('x', { headers: z.object({}), payload: late })`, 'which payload.at takes'],
  [`directExchange('x', { info: z.string(), late })`, 'which payload.at takes'],
  [`topicExchange('x', { 'a.*': z.string(), 'b.#': late })`, 'which payload.at takes'],
]

function schemaOf(kind: string): string {
  const schemas: Readonly<Record<string, string>> = {
    Date: 'z.date()',
    Map: 'z.map(z.string(), z.int())',
    Set: 'z.set(z.string())',
    bigint: 'z.bigint()',
    symbol: 'z.symbol()',
    function: 'z.custom<() => void>()',
    Uint8Array: 'z.instanceof(Uint8Array)',
    file: 'z.file()',
    'undefined in an array': 'z.array(z.string().optional())',
  }
  return schemas[kind] ?? ''
}

/** What is like the above, and right. */
const POSSIBLE = `
workQueue('q', { payload, queue: { type: 'classic', maxPriority: 5 } })
workQueue('q', { payload, queue: { type: 'classic', durable: false, legacyTransient: true } })
workQueue('q', { payload, queue: { consumerTimeoutMs: 60_000, durable: true }, retry: native })
workQueue('q', { payload, queue: { type: 'classic' }, retry: { delaysMs: [1] } })
workQueue('q', { payload, queue: { type: queueType, maxPriority: 5, consumerTimeoutMs: 60_000 }, retry: native })
workQueue('q', { payload, queue: undefined, retry: undefined, codec: undefined })
subscription('q', { of: logs, bindingKeys: ['info'], queue: { type: 'classic', maxPriority: 5 } })
subscription('q', { of: logs, bindingKeys: ['info'], retry: native })
procedure('p', { request: payload, response: payload, queue: { type: 'classic', maxPriority: 5 } })
const options: WorkQueueOptions<typeof payload> = { payload, queue: { type: 'classic', maxPriority: 3 } }
workQueue('q', options)
topicExchange('x', { 'a.*': payload, 'a.b': payload }, { overlap: 'most-specific' })
topicExchange('x', { 'a.*': payload, 'a.b.c': payload, 'b.#': payload })
topicExchange('x', { [anyName]: payload, [anyName + '.#']: payload })
headersExchange('x', { headers: z.object({ a: z.string(), b: z.bigint().optional(), c: z.array(z.record(z.string(), z.boolean())) }), payload })
headersExchange('x', { headers: z.unknown(), payload })
new ProcedureError(getUser, 'NotFound', { id: 1 })
new ProcedureError(getUser, 'Locked', { until: 'noon' })
workQueue('q', { payload: z.string().brand('Id'), codec: text })
workQueue('q', { payload: z.enum(['a', 'b']).optional(), codec: [text, json] })
workQueue('q', { payload: z.instanceof(Uint8Array), codec: bytes })
workQueue('q', { payload: late, codec: { ...json, encode: (value) => Buffer.from(String(value)) } })
workQueue('q', { payload: late, codec: { contentType: 'x', encode: (value) => Buffer.from(String(value)), decode: String } })
workQueue('q', { payload: late, codec: json as Codec })
workQueue('q', { payload: z.object({ at: z.codec(z.iso.datetime(), z.date(), { decode: (at) => new Date(at), encode: String }) }) })
workQueue('q', { payload: z.object({ a: z.unknown(), b: z.any().optional(), c: z.array(z.unknown()), d: z.coerce.date() }) })
workQueue('q', { payload: z.object({ a: z.string().optional(), b: z.int().nullish(), c: z.literal([1, 'a', null]) }) })
workQueue('q', { payload: z.tuple([z.string(), z.int().optional()]) })
workQueue('q', { payload: z.json() })
workQueue('q', { payload: z.object({ id: z.int() }).brand('User') })
workQueue('q', { payload: z.void() })
const Tree = z.object({ name: z.string(), get left() { return Tree.optional() }, get right() { return Tree.optional() }, get all() { return z.array(Tree) } })
workQueue('q', { payload: Tree })
declare const ofOthers: Schema
workQueue('q', { payload: ofOthers })
interface Money { toJSON(): string; plus(other: Money): Money }
declare const money: Schema<{ readonly price: Money }>
workQueue('q', { payload: money })
workQueue('q', { payload: z.instanceof(URL) })
workQueue('q', { payload: z.looseObject({ a: z.int() }) })
workQueue('q', { payload: z.record(z.enum(['a', 'b']), z.array(z.int()).readonly()) })
workQueue('q', { payload: z.discriminatedUnion('t', [z.object({ t: z.literal('a') }), z.object({ t: z.literal('b'), n: z.int() })]) })
workQueue<Schema<string>>('q', { payload: z.string(), codec: text })
declare const isClassic: boolean
workQueue('q', { payload, queue: { type: isClassic ? 'classic' : 'quorum' } })
workQueue('q', { payload, queue: isClassic ? { type: 'classic', maxPriority: 3 } : {} })
declare const codecs: CodecOption
workQueue('q', { payload: late, codec: codecs })
workQueue('q', { payload: late, codec: [{ contentType: 'a/b', encode: (value) => Buffer.from(String(value)), decode: String }, json] })
directExchange('x', { late }, { codec: { contentType: 'a/b', encode: (value) => Buffer.from(String(value)), decode: String } })
const defaults: QueueContractOptions = { retry: false, queue: { type: 'classic' } }
workQueue('q', { ...defaults, payload })
for (const [name, schema] of Object.entries({} as Record<string, z.ZodType>)) workQueue(name, { payload: schema })
export const retriedQueueOf = <S extends z.ZodType>(options: WorkQueueOptions<S>) => workQueue('q', { ...options, retry: false })
export const headersOf = <S extends Schema>(headers: S) => headersExchange('x', { headers, payload })
export const directOf = <T extends Readonly<Record<string, Schema>>>(templates: T) => directExchange('x', templates)
export const queueOf = <S extends Schema>(schema: S) => workQueue('q', { payload: schema })
export const textQueueOf = <S extends Schema<string>>(schema: S) => workQueue('q', { payload: schema, codec: text })
export const eventsOf = <S extends Schema>(schema: S) => fanoutExchange('x', { payload: schema })
export const callOf = <S extends Schema>(schema: S) => procedure('p', { request: schema, response: z.void() })
export const topicOf = <T extends Readonly<Record<string, Schema>>>(templates: T) => topicExchange('x', templates)
`

test('what cannot be does not compile, with one short error each that names what is wrong', async () => {
  const programs = IMPOSSIBLE.map(([program], n) => `{ ${program.replaceAll('\n', ' ')} } // ${n}`)
  const first = SETTING.split('\n').length
  const { printed } = await compile([SETTING, ...programs].join('\n'))
  const errors = printed.split(/\n(?=\S)/).filter((error) => error !== '')
  const told = IMPOSSIBLE.map(([program, ...words], n) => {
    const own = errors.filter((error) => error.includes(`program.mts(${first + 1 + n},`))
    const [error = ''] = own
    return {
      program,
      errors: own.length,
      lines: error.trimEnd().split('\n').length,
      missing: words.filter((word) => !error.includes(word)),
      error,
    }
  })
  expect(told.filter(({ errors, lines, missing }) => errors !== 1 || lines > 4 || missing.length > 0)).toEqual([])
  expect(errors).toHaveLength(IMPOSSIBLE.length)
  expect(IMPOSSIBLE.length).toBeGreaterThanOrEqual(16)
})

test('what is like it and right compiles', async () => {
  expect(await compile(`${SETTING}${POSSIBLE}`)).toMatchObject({ isValid: true, printed: '' })
})
