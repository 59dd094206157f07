import { z } from 'zod'
import { tableProblem } from '../connection/table.js'
import { OptionsError } from '../errors.js'
import { parseOptions } from '../options.js'
import { type Codec, json } from './codec.js'
import { overlaps, wordsOf } from './routing-key.js'
import type { Schema } from './schema.js'

/** Schemas by routing key, or by a pattern of routing keys. */
export type Templates = Readonly<Record<string, Schema>>

/** The exchange itself, as it is declared. */
export interface ExchangeSettings {
  readonly durable: boolean
  /** It goes when its last binding does. */
  readonly autoDelete: boolean
  /** Nobody publishes to it; it is only bound to others. */
  readonly internal: boolean
  readonly arguments: Readonly<Record<string, unknown>>
  /** Exchanges whose messages come here too. */
  readonly boundTo: readonly SourceBinding[]
}

/** Messages of an exchange that go on to another one. */
export interface SourceBinding {
  /** The exchange that they come from, by name. */
  readonly exchange: string
  readonly bindingKey: string
  readonly arguments: Readonly<Record<string, unknown>>
}

interface AnyExchange<Name extends string> {
  readonly kind: 'exchange'
  readonly name: Name
  readonly exchange: ExchangeSettings
  readonly codec: Codec
  /** Written to the `leveret-contract` header, after the name. */
  readonly version?: string
}

/** Each message goes to every queue that is bound. */
export interface FanoutExchange<Name extends string = string, S extends Schema = Schema> extends AnyExchange<Name> {
  readonly type: 'fanout'
  readonly payload: S
}

/** Each message goes to the queues that are bound with its routing key. */
export interface DirectExchange<Name extends string = string, T extends Templates = Templates>
  extends AnyExchange<Name> {
  readonly type: 'direct'
  readonly templates: T
}

/** Each message goes to the queues that are bound with a pattern that its routing key matches. */
export interface TopicExchange<Name extends string = string, T extends Templates = Templates>
  extends AnyExchange<Name> {
  readonly type: 'topic'
  readonly templates: T
}

/** Each message goes to the queues that are bound with headers that it has. */
export interface HeadersExchange<Name extends string = string, H extends Schema = Schema, S extends Schema = Schema>
  extends AnyExchange<Name> {
  readonly type: 'headers'
  readonly headers: H
  readonly payload: S
}

/** An exchange of any type. */
export type Exchange = FanoutExchange | DirectExchange | TopicExchange | HeadersExchange

const shortName = z
  .string()
  .min(1)
  .refine((name) => Buffer.byteLength(name) <= 255, 'at most 255 bytes of UTF-8')

const table = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  const problem = tableProblem(value)
  if (problem !== undefined) context.addIssue(problem)
})

const exchangeOptions = z.strictObject({
  /** How payloads are written. @defaultValue json */
  codec: z.custom<Codec>((value) => typeof value === 'object' && value !== null, 'expected a codec').default(json),
  /** Survives a restart of the broker. @defaultValue true */
  durable: z.boolean().default(true),
  /** Goes when its last binding does. @defaultValue false */
  autoDelete: z.boolean().default(false),
  /** Nobody publishes to it; it is only bound to others. @defaultValue false */
  internal: z.boolean().default(false),
  /** Gets what no queue took. @see https://www.rabbitmq.com/docs/ae */
  alternate: shortName.optional(),
  /** What else to declare it with. Arguments cannot be changed once it exists. */
  arguments: table.default({}),
  /** Exchanges, by name, whose messages come here too. @see https://www.rabbitmq.com/docs/e2e */
  boundTo: z
    .array(z.strictObject({ exchange: shortName, bindingKey: z.string().default(''), arguments: table.default({}) }))
    .default([]),
  version: z.string().min(1).max(64).optional(),
})

const topicOptions = exchangeOptions.extend({
  /**
   * What a message is whose routing key two templates match. `refuse`: the contract is refused instead. `most-specific`: the
   * first word in which they differ decides; a name comes before `*`, and that before `#`. @defaultValue 'refuse'
   */
  overlap: z.enum(['refuse', 'most-specific']).default('refuse'),
})

/** How an exchange is declared. */
export type ExchangeOptions = z.input<typeof exchangeOptions>

/** How a topic exchange is declared. */
export type TopicExchangeOptions = z.input<typeof topicOptions>

/**
 * Describes a fanout exchange: each event to everyone who listens.
 *
 * @throws {@link OptionsError}
 */
export function fanoutExchange<const Name extends string, const S extends Schema>(
  name: Name,
  { payload, ...options }: ExchangeOptions & { readonly payload: S },
): FanoutExchange<Name, S> {
  const where = `fanoutExchange('${name}')`
  const made = describe(name, parseOptions(exchangeOptions, options, where), where)
  return Object.freeze({ ...made, type: 'fanout', payload: checkSchema(payload, 'payload', where) })
}

/**
 * Describes a direct exchange.
 *
 * @param templates - the schema of each routing key
 * @throws {@link OptionsError}
 */
export function directExchange<const Name extends string, const T extends Templates>(
  name: Name,
  templates: T,
  options: ExchangeOptions = {},
): DirectExchange<Name, T> {
  const where = `directExchange('${name}')`
  const made = describe(name, parseOptions(exchangeOptions, options, where), where)
  return Object.freeze({ ...made, type: 'direct', templates: checkTemplates(templates, where) })
}

/**
 * Describes a topic exchange.
 *
 * @param templates - the schema of each routing key, or pattern of routing keys: words between dots, `*` for one word, `#` for
 *   any number of them
 * @throws {@link OptionsError} also when two templates match one routing key, unless `overlap` says what then
 */
export function topicExchange<const Name extends string, const T extends Templates>(
  name: Name,
  templates: T,
  options: TopicExchangeOptions = {},
): TopicExchange<Name, T> {
  const where = `topicExchange('${name}')`
  const { overlap, ...settings } = parseOptions(topicOptions, options, where)
  checkTemplates(templates, where)
  if (overlap === 'refuse') refuseOverlaps(Object.keys(templates), where)
  return Object.freeze({ ...describe(name, settings, where), type: 'topic', templates })
}

/**
 * Describes a headers exchange.
 *
 * @param contract.headers - what each message has in its headers, as an object's schema
 * @throws {@link OptionsError}
 */
export function headersExchange<const Name extends string, const H extends Schema, const S extends Schema>(
  name: Name,
  { headers, payload, ...options }: ExchangeOptions & { readonly headers: H; readonly payload: S },
): HeadersExchange<Name, H, S> {
  const where = `headersExchange('${name}')`
  const made = describe(name, parseOptions(exchangeOptions, options, where), where)
  return Object.freeze({
    ...made,
    type: 'headers',
    headers: checkSchema(headers, 'headers', where),
    payload: checkSchema(payload, 'payload', where),
  })
}

function describe<Name extends string>(
  name: Name,
  { codec, version, alternate, arguments: args, ...settings }: z.output<typeof exchangeOptions>,
  where: string,
): AnyExchange<Name> {
  parseOptions(shortName, name, where)
  const exchange = {
    ...settings,
    arguments: alternate === undefined ? args : { ...args, 'alternate-exchange': alternate },
  }
  return { kind: 'exchange', name, codec, exchange, ...(version === undefined ? {} : { version }) }
}

function checkTemplates<T extends Templates>(templates: T, where: string): T {
  const keys = Object.keys(templates)
  if (keys.length === 0) throw new OptionsError(`${where}: expected at least one routing key with its schema`)
  for (const key of keys) {
    parseOptions(shortName.or(z.literal('')), key, where)
    checkSchema(templates[key], `'${key}'`, where)
  }
  return templates
}

function checkSchema<S>(schema: S, what: string, where: string): S {
  const is = schema !== null && (typeof schema === 'object' || typeof schema === 'function') && '~standard' in schema
  if (is) return schema
  throw new OptionsError(`${where}: ${what}: expected a schema: zod, valibot, arktype or any other Standard Schema`)
}

function refuseOverlaps(templates: readonly string[], where: string): void {
  for (const [index, template] of templates.entries()) {
    const other = templates.slice(index + 1).find((later) => overlaps(wordsOf(template), wordsOf(later)))
    if (other === undefined) continue
    throw new OptionsError(
      `${where}: a routing key can match both '${template}' and '${other}'. Make them differ, or say overlap: 'most-specific'`,
    )
  }
}
