import { z } from 'zod'
import { OptionsError } from '../../errors/options-error.js'
import { quoted } from '../../message/short-string.js'
import { parseOptions } from '../../options.js'
import { type Binding, type BindingChoice, bindingOptions, bindingsOf, exchangeOption } from '../exchanges/bindings.js'
import type { BindingKeyProblem } from '../exchanges/event-types.js'
import type { Exchange } from '../exchanges/exchange.js'
import { existingOption } from '../payloads/shared-options.js'
import { type DeadLetterOptions, deadLetterOptions } from './dead-letter-options.js'
import { describeQueueContract, type QueueContract } from './queue-contract.js'
import { queueOptions } from './queue-options.js'
import { type RetryDelays, retryInPlaceOptions } from './retry.js'
import { type UnknownPolicy, unknownOption } from './subscription.js'

/** What a stream keeps. Without any of these it keeps everything. */
export interface Retention {
  /** Segments that are older are deleted. As RabbitMQ writes it: a whole number of `Y`, `M`, `D`, `h`, `m` or `s`, such as `7D`. @defaultValue none */
  readonly maxAge?: string | undefined
  /** Above so many bytes, from 1 on, the oldest segments are deleted. @defaultValue none */
  readonly maxBytes?: number | undefined
  /**
   * Retention deletes whole segments of so many bytes, from 1 to 3,000,000,000, and never the last one.
   * @defaultValue RabbitMQ's own, 500,000,000
   */
  readonly maxSegmentBytes?: number | undefined
}

/**
 * A stream that keeps what an exchange brings, whoever reads it, as `stream` describes it: data, without I/O, safe to share between
 * services. What it gets and how long it keeps that is the contract's; a reader only says where it begins.
 */
export interface Stream<E extends Exchange = Exchange, Keys extends readonly string[] = readonly string[]>
  extends QueueContract {
  readonly kind: 'stream'
  /** Name of the stream. */
  readonly name: string
  /** The exchange whose messages it keeps. */
  readonly of: E
  /** Empty where the exchange is one without routing keys. */
  readonly bindingKeys: Keys
  /** The bindings of the stream, as they are declared. */
  readonly bindings: readonly Binding[]
  readonly retention: Retention
  readonly onUnknown: UnknownPolicy
}

const retentionOption = z.strictObject({
  maxAge: z
    .string()
    .regex(/^[1-9]\d*[YMDhms]$/, "expected a whole number and one of Y, M, D, h, m, s, such as '7D'")
    .optional(),
  maxBytes: z.int().min(1).optional(),
  maxSegmentBytes: z.int().min(1).max(3_000_000_000).optional(),
})

/** What every stream may say, whatever its exchange is. */
export interface StreamQueueOptions<E extends Exchange> {
  /** The exchange whose messages it keeps. */
  readonly of: E
  /** What the stream keeps. It is declared with it. @defaultValue {} */
  readonly retention?: Retention | undefined
  /**
   * What failed is tried again in its place. It is held meanwhile, and with a concurrency of 1 everything behind it: keep the delays
   * short, and their sum far below the broker's consumer timeout of 30 minutes. `false`: the first failed attempt is the last.
   * @defaultValue { delaysMs: [1_000, 30_000, 300_000] }
   */
  readonly retry?: false | RetryDelays | undefined
  /** Where a copy of what failed for good is kept. `false`: nowhere. It stays in the stream anyhow. @defaultValue false */
  readonly deadLetter?: false | DeadLetterOptions | undefined
  /**
   * What becomes of a message that no template matches, or no binding key brings. `ignore`: it is passed over, and reported as
   * `delivery.ignored`. `retry` and `dead-letter`: as with `subscription`. @defaultValue 'ignore'
   */
  readonly onUnknown?: UnknownPolicy | undefined
  /** Somebody else declares the stream and its bindings: leveret asks whether it is there, and never declares it. @defaultValue false */
  readonly existing?: boolean | undefined
}

/** What `stream` takes beside the name. */
export type StreamOptions<E extends Exchange, Keys extends readonly string[]> = StreamQueueOptions<E> &
  BindingChoice<E, Keys>

/** The check of {@link StreamOptions}. */
export const streamOptions = z.strictObject({
  of: exchangeOption,
  retention: retentionOption.default({}),
  retry: retryInPlaceOptions,
  deadLetter: z.union([z.literal(false), deadLetterOptions]).default(false),
  onUnknown: unknownOption.default('ignore'),
  existing: existingOption,
  ...bindingOptions.shape,
})

/**
 * Describes a stream: history, read by any number of readers, each from where it likes, without taking anything away from others.
 *
 * @throws {@link OptionsError} when the description contradicts itself, its exchange or RabbitMQ
 * @see https://www.rabbitmq.com/docs/streams
 * @example
 * ```ts
 * import { stream, topicExchange } from 'leveret'
 * import { z } from 'zod'
 *
 * const shop = topicExchange('shop', { 'order.created': z.object({ orderId: z.int() }) })
 * const history = stream('shop-history', { of: shop, bindingKeys: ['#'], retention: { maxAge: '7D' } })
 * console.log(history.name) // prints: shop-history
 * ```
 */
export function stream<const E extends Exchange, const Keys extends readonly string[] = readonly string[]>(
  name: string,
  options: StreamOptions<E, Keys> & { readonly bindingKeys?: Keys | undefined } & BindingKeyProblem<E, Keys>,
): Stream<E, Keys> {
  const where = `stream(${quoted(name)})`
  const { of, bindingKeys, headers, onUnknown, retention, existing, ...rest } = parseOptions(
    streamOptions,
    options,
    where,
  )
  if (existing && Object.keys(retention).length > 0) {
    throw new OptionsError(`${where}: existing: the stream is not declared: leave retention out`)
  }
  const queue = queueOptions.parse({ arguments: streamArguments(retention) })
  const described = describeQueueContract(name, { ...rest, queue, onInvalid: 'dead-letter', existing: false }, where)
  return Object.freeze({
    ...described,
    kind: 'stream',
    existing,
    of: of as E,
    bindingKeys: Object.freeze([...(bindingKeys ?? [])]) as readonly string[] as Keys,
    bindings: Object.freeze(bindingsOf(of, { bindingKeys, headers }, where)),
    retention: Object.freeze(retention),
    onUnknown,
  })
}

/**
 * What a stream is declared with. Like all declared arguments they are a wire format.
 *
 * @see https://www.rabbitmq.com/docs/streams#retention
 */
function streamArguments({ maxAge, maxBytes, maxSegmentBytes }: Retention): Readonly<Record<string, unknown>> {
  return {
    'x-queue-type': 'stream',
    ...(maxAge === undefined ? {} : { 'x-max-age': maxAge }),
    ...(maxBytes === undefined ? {} : { 'x-max-length-bytes': maxBytes }),
    ...(maxSegmentBytes === undefined ? {} : { 'x-stream-max-segment-size-bytes': maxSegmentBytes }),
  }
}
