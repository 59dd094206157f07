import type { z } from 'zod'
import { OptionsError } from '../../errors/options-error.js'
import { quoted } from '../../message/short-string.js'
import { parseOptions } from '../../options.js'
import { checkCarried } from '../payloads/carried.js'
import type { Codec, CodecOption } from '../payloads/codec.js'
import type { Schema } from '../payloads/schema.js'
import type { GivenCodec, HeadersProblem, PayloadProblem, SchemasProblem } from './carried-types.js'
import {
  type ExchangeOptions,
  exchangeName,
  exchangeOptions,
  type FanoutExchangeOptions,
  fanoutOptions,
  type HeadersExchangeOptions,
  headersOptions,
  type TopicExchangeOptions,
  topicOptions,
} from './exchange-options.js'
import type { OverlapPolicy, OverlapProblem } from './overlap-types.js'
import { checkTemplates, refuseOverlaps, type Templates } from './templates.js'

/** Settings that an exchange is declared with. */
export interface ExchangeSettings {
  readonly durable: boolean
  /** Whether the broker deletes the exchange with its last binding. */
  readonly autoDelete: boolean
  /** Whether the broker refuses publishes to it, so that messages come from other exchanges only. */
  readonly internal: boolean
  readonly arguments: Readonly<Record<string, unknown>>
  /** Exchanges whose messages come here too. */
  readonly boundTo: readonly SourceBinding[]
}

/** Binding by which messages of another exchange come here. */
export interface SourceBinding {
  /** Name of the source exchange. */
  readonly exchange: string
  readonly bindingKey: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** Members that exchanges of all types have. */
export interface AnyExchange<Name extends string> {
  readonly kind: 'exchange'
  readonly name: Name
  readonly exchange: ExchangeSettings
  readonly codec: Codec
  /** Version of the contract, written to the `leveret-contract` header after the name. */
  readonly version?: string
  /** Whether another program declares the exchange, so that leveret only checks that it exists. */
  readonly existing: boolean
}

/** An exchange that sends each message to every queue that is bound. */
export interface FanoutExchange<Name extends string = string, S extends Schema = Schema> extends AnyExchange<Name> {
  readonly type: 'fanout'
  readonly payload: S
}

/** An exchange that sends each message to the queues that are bound with its routing key. */
export interface DirectExchange<Name extends string = string, T extends Templates = Templates>
  extends AnyExchange<Name> {
  readonly type: 'direct'
  readonly templates: T
}

/** An exchange that sends each message to the queues that are bound with a pattern that matches its routing key. */
export interface TopicExchange<Name extends string = string, T extends Templates = Templates>
  extends AnyExchange<Name> {
  readonly type: 'topic'
  readonly templates: T
}

/** An exchange that sends each message to the queues that are bound with headers that the message has. */
export interface HeadersExchange<Name extends string = string, H extends Schema = Schema, S extends Schema = Schema>
  extends AnyExchange<Name> {
  readonly type: 'headers'
  readonly headers: H
  readonly payload: S
}

/** An exchange of a plugin's type. The plugin decides where a message goes. */
export interface PluginExchange<Name extends string = string, S extends Schema = Schema> extends AnyExchange<Name> {
  readonly type: `x-${string}`
  readonly payload: S
}

/** An exchange of any type. */
export type Exchange = FanoutExchange | DirectExchange | TopicExchange | HeadersExchange | PluginExchange

const ALTERNATE = 'alternate-exchange'

/**
 * Describes a fanout exchange: every bound queue gets each event.
 *
 * @throws {@link OptionsError}
 * @example
 * ```ts
 * import { fanoutExchange } from 'leveret'
 * import { z } from 'zod'
 *
 * const alarms = fanoutExchange('alarms', { payload: z.object({ text: z.string() }) })
 * console.log(alarms.type) // prints: fanout
 * ```
 */
export function fanoutExchange<
  const Name extends string,
  const S extends Schema,
  const C extends CodecOption = CodecOption,
  const ContentType = unknown,
>(
  name: Name,
  options: FanoutExchangeOptions<S, C> & GivenCodec<ContentType> & PayloadProblem<S, C, ContentType>,
): FanoutExchange<Name, S> {
  const where = `fanoutExchange(${quoted(name)})`
  const described = { ...parseOptions(fanoutOptions, options, where), type: 'fanout' } as const
  return Object.freeze(describeOfOne<Name, 'fanout', S>(name, described, where))
}

/**
 * Describes a direct exchange.
 *
 * @param templates - the schema of each routing key
 * @throws {@link OptionsError}
 * @example
 * ```ts
 * import { directExchange } from 'leveret'
 * import { z } from 'zod'
 *
 * const line = z.object({ text: z.string() })
 * const logs = directExchange('logs', { error: line, info: line })
 * console.log(Object.keys(logs.templates)) // prints: [ 'error', 'info' ]
 * ```
 */
export function directExchange<
  const Name extends string,
  const T extends Templates,
  const C extends CodecOption = CodecOption,
  const ContentType = unknown,
>(
  name: Name,
  templates: T & SchemasProblem<T, C, ContentType>,
  options: ExchangeOptions<C> & GivenCodec<ContentType> = {},
): DirectExchange<Name, T> {
  const where = `directExchange(${quoted(name)})`
  const made = describeExchange(name, parseOptions(exchangeOptions, options, where), where)
  return Object.freeze({ ...made, type: 'direct', templates: checkTemplates(templates, made.codec, where) })
}

/**
 * Describes a topic exchange.
 *
 * @param templates - the schema of each routing key, or pattern of routing keys: words between dots, `*` for one word,
 *   `#` for any number of words
 * @throws {@link OptionsError} also if two templates match one routing key and `overlap` does not decide
 * @example
 * ```ts
 * import { topicExchange } from 'leveret'
 * import { z } from 'zod'
 *
 * const shop = topicExchange('shop', {
 *   'order.created': z.object({ orderId: z.int() }),
 *   'order.*.shipped': z.object({ orderId: z.int(), carrier: z.string() }),
 * })
 * console.log(Object.keys(shop.templates)) // prints: [ 'order.created', 'order.*.shipped' ]
 * ```
 */
export function topicExchange<
  const Name extends string,
  const T extends Templates,
  const C extends CodecOption = CodecOption,
  const ContentType = unknown,
  const Policy extends OverlapPolicy = 'refuse',
>(
  name: Name,
  templates: T & SchemasProblem<T, C, ContentType> & OverlapProblem<T, Policy>,
  options: TopicExchangeOptions<C, Policy> & GivenCodec<ContentType> = {},
): TopicExchange<Name, T> {
  const where = `topicExchange(${quoted(name)})`
  const { overlap, ...settings } = parseOptions(topicOptions, options, where)
  const checked = checkTemplates(templates, settings.codec, where)
  if (overlap === 'refuse') refuseOverlaps(Object.keys(checked), where)
  return Object.freeze({ ...describeExchange(name, settings, where), type: 'topic', templates: checked })
}

/**
 * Describes a headers exchange.
 *
 * @throws {@link OptionsError}
 * @example
 * ```ts
 * import { headersExchange } from 'leveret'
 * import { z } from 'zod'
 *
 * const reports = headersExchange('reports', { headers: z.object({ format: z.string() }), payload: z.string() })
 * console.log(reports.type) // prints: headers
 * ```
 */
export function headersExchange<
  const Name extends string,
  const H extends Schema,
  const S extends Schema,
  const C extends CodecOption = CodecOption,
  const ContentType = unknown,
>(
  name: Name,
  options: HeadersExchangeOptions<H, S, C> &
    GivenCodec<ContentType> &
    HeadersProblem<H> &
    PayloadProblem<S, C, ContentType>,
): HeadersExchange<Name, H, S> {
  const where = `headersExchange(${quoted(name)})`
  const { headers, ...rest } = parseOptions(headersOptions, options, where)
  const made = describeOfOne<Name, 'headers', S>(name, { ...rest, type: 'headers' }, where)
  return Object.freeze({ ...made, headers: headers as H })
}

/** An exchange whose messages all have one schema. @throws {@link OptionsError} */
export function describeOfOne<Name extends string, Type extends string, S extends Schema>(
  name: Name,
  { type, payload, ...settings }: z.output<typeof fanoutOptions> & { readonly type: Type },
  where: string,
): AnyExchange<Name> & { readonly type: Type; readonly payload: S } {
  checkCarried(where, 'payload', payload, settings.codec)
  return { ...describeExchange(name, settings, where), type, payload: payload as S }
}

/** Describes the members that exchanges of all types have. @throws {@link OptionsError} */
function describeExchange<Name extends string>(
  name: Name,
  { codec, version, alternate, arguments: args, existing, ...settings }: z.output<typeof exchangeOptions>,
  where: string,
): AnyExchange<Name> {
  parseOptions(exchangeName, name, where)
  if (alternate !== undefined && ALTERNATE in args) {
    throw new OptionsError(`${where}: alternate: the arguments already name an ${ALTERNATE}`)
  }
  const isPlain = alternate === undefined && Object.keys(args).length === 0 && settings.boundTo.length === 0
  if (existing && !isPlain) {
    throw new OptionsError(
      `${where}: existing: leveret does not declare this exchange: leave out alternate, arguments and boundTo`,
    )
  }
  const all = alternate === undefined ? args : { ...args, [ALTERNATE]: alternate }
  const exchange = Object.freeze({ ...settings, arguments: all })
  return { kind: 'exchange', name, codec, exchange, existing, ...(version === undefined ? {} : { version }) }
}
