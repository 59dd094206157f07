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

/** Bounds of what a stream keeps. Without any of these it keeps everything. */
export interface Retention {
  /**
   * The age after which segments are deleted, in RabbitMQ's form: a whole number of `Y`, `M`, `D`, `h`, `m` or `s`,
   * such as `7D`.
   * @defaultValue none
   */
  readonly maxAge?: string | undefined
  /** The most bytes to keep, from 1. Above that, the oldest segments are deleted. @defaultValue none */
  readonly maxBytes?: number | undefined
  /**
   * Size of a segment in bytes, from 1 to 3,000,000,000. Only whole segments are deleted, and never the last one.
   * @defaultValue RabbitMQ's own, 500,000,000
   */
  readonly maxSegmentBytes?: number | undefined
}

/**
 * A stream that keeps the messages of an exchange, as `stream` describes it: data, without I/O, safe to share between
 * services. The contract says which messages come and how long they are kept; a reader only says where it begins.
 */
export interface Stream<E extends Exchange = Exchange, Keys extends readonly string[] = readonly string[]>
  extends QueueContract {
  readonly kind: 'stream'
  /** Name of the stream. */
  readonly name: string
  /** The exchange whose messages the stream keeps. */
  readonly of: E
  /** Binding keys of the stream. Empty for an exchange without routing keys. */
  readonly bindingKeys: Keys
  /** Bindings of the stream, as they are declared. */
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

/** Options of a stream, whatever its exchange is. */
export interface StreamQueueOptions<E extends Exchange> {
  /** The exchange whose messages the stream keeps. */
  readonly of: E
  /** Bounds of what the stream keeps. They are declared with the stream. @defaultValue {} */
  readonly retention?: Retention | undefined
  /**
   * Retries of a failed message, in place. The reader holds the message meanwhile, and with a concurrency of 1
   * everything behind it. Keep the delays short, and their sum far below the broker's consumer timeout of 30 minutes.
   * `false`: the first failed attempt is the last.
   * @defaultValue { delaysMs: [1_000, 30_000, 300_000] }
   */
  readonly retry?: false | RetryDelays | undefined
  /**
   * Options of the queue for copies of messages that failed for good. `false`: there are no copies. The message stays
   * in the stream in any case.
   * @defaultValue false
   */
  readonly deadLetter?: false | DeadLetterOptions | undefined
  /**
   * Treatment of a message that no template matches, or that no binding key brings. `ignore`: the reader skips it, and
   * reports it as `delivery.ignored`. `retry` and `dead-letter`: as with `subscription`.
   * @defaultValue 'ignore'
   */
  readonly onUnknown?: UnknownPolicy | undefined
  /**
   * Whether another program declares the stream and its bindings. leveret then only checks that it exists.
   * @defaultValue false
   */
  readonly existing?: boolean | undefined
}

/** Options of {@link stream}. */
export type StreamOptions<E extends Exchange, Keys extends readonly string[]> = StreamQueueOptions<E> &
  BindingChoice<E, Keys>

/** Checks {@link StreamOptions}. */
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
 * Describes a stream: history that any number of readers read, each from its own position, without taking messages away
 * from the others.
 *
 * @throws {@link OptionsError} if the description contradicts itself, its exchange or RabbitMQ
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
    throw new OptionsError(`${where}: existing: leveret does not declare this stream: leave out retention`)
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
 * Returns the arguments of a stream. Like all declared arguments they are a wire format.
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
