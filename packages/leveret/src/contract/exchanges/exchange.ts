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

/** What all exchanges have. */
export interface AnyExchange<Name extends string> {
  readonly kind: 'exchange'
  readonly name: Name
  readonly exchange: ExchangeSettings
  readonly codec: Codec
  /** Written to the `leveret-contract` header, after the name. */
  readonly version?: string
  /** Whether somebody else declares it: leveret asks for it, and never declares it. */
  readonly existing: boolean
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

/** What happens to a message is the business of the plugin that the type is of. */
export interface PluginExchange<Name extends string = string, S extends Schema = Schema> extends AnyExchange<Name> {
  readonly type: `x-${string}`
  readonly payload: S
}

/** An exchange of any type. */
export type Exchange = FanoutExchange | DirectExchange | TopicExchange | HeadersExchange | PluginExchange

const ALTERNATE = 'alternate-exchange'

/**
 * Describes a fanout exchange: each event to everyone who listens.
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
  const { payload, ...settings } = parseOptions(fanoutOptions, options, where)
  checkCarried(where, 'payload', payload, settings.codec)
  return Object.freeze({ ...describeExchange(name, settings, where), type: 'fanout', payload: payload as S })
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
 * @param templates - the schema of each routing key, or pattern of routing keys: words between dots, `*` for one word, `#` for
 *   any number of them
 * @throws {@link OptionsError} also when two templates match one routing key, unless `overlap` says what then
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
  const { headers, payload, ...settings } = parseOptions(headersOptions, options, where)
  checkCarried(where, 'payload', payload, settings.codec)
  const made = describeExchange(name, settings, where)
  return Object.freeze({ ...made, type: 'headers', headers: headers as H, payload: payload as S })
}

/** What an exchange has, of whatever type. @throws {@link OptionsError} */
export function describeExchange<Name extends string>(
  name: Name,
  { codec, version, alternate, arguments: args, existing, ...settings }: z.output<typeof exchangeOptions>,
  where: string,
): AnyExchange<Name> {
  parseOptions(exchangeName, name, where)
  if (alternate !== undefined && ALTERNATE in args) {
    throw new OptionsError(`${where}: alternate: the arguments name an ${ALTERNATE} already`)
  }
  const isPlain = alternate === undefined && Object.keys(args).length === 0 && settings.boundTo.length === 0
  if (existing && !isPlain) {
    throw new OptionsError(
      `${where}: existing: the exchange is not declared: leave alternate, arguments and boundTo out`,
    )
  }
  const all = alternate === undefined ? args : { ...args, [ALTERNATE]: alternate }
  const exchange = Object.freeze({ ...settings, arguments: all })
  return { kind: 'exchange', name, codec, exchange, existing, ...(version === undefined ? {} : { version }) }
}
