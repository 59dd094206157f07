import { quoted, shortString } from '../../message/short-string.js'
import { parseOptions } from '../../options.js'
import type { CodecOption } from '../payloads/codec.js'
import type { Schema } from '../payloads/schema.js'
import { schemaOption } from '../payloads/shared-options.js'
import type { GivenCodec, PayloadProblem } from './carried-types.js'
import { describeOfOne, type PluginExchange } from './exchange.js'
import { type ExchangeOptions, exchangeOptions } from './exchange-options.js'

/** Checks {@link PluginExchangeOptions}. */
export const pluginOptions = exchangeOptions.extend({
  type: shortString("an exchange's type")
    .regex(
      /^x-./,
      "expected a plugin's type, which begins with x-; for RabbitMQ's own types use their functions, such as topicExchange()",
    )
    .transform((type) => type as `x-${string}`),
  payload: schemaOption,
})

/** Options of {@link exchange}. */
export interface PluginExchangeOptions<S extends Schema, C extends CodecOption = CodecOption>
  extends ExchangeOptions<C> {
  /** Type of the exchange in the plugin's words, for example `x-consistent-hash`. It begins with `x-`. */
  readonly type: `x-${string}`
  /** Schema of each message. The same keys are sent as with `payload` of `workQueue`. */
  readonly payload: S
}

/**
 * Describes an exchange of a type that RabbitMQ adds to the four of AMQP, or that a plugin brings: `x-consistent-hash`,
 * `x-modulus-hash`, `x-local-random`, `x-delayed-message` and any other that begins with `x-`.
 *
 * The plugin decides what a routing key means, so a publisher and a binding may use any. `arguments` hold what the
 * plugin needs to know of the exchange, such as `{ 'x-delayed-type': 'topic' }`. A broker that does not know the type
 * refuses it with a `BrokerError`.
 *
 * @throws {@link OptionsError}
 * @example
 * ```ts
 * import { exchange } from 'leveret'
 * import { z } from 'zod'
 *
 * const carts = exchange('carts', { type: 'x-consistent-hash', payload: z.object({ cartId: z.string() }) })
 * console.log(carts.type) // prints: x-consistent-hash
 * ```
 */
export function exchange<
  const Name extends string,
  const S extends Schema,
  const C extends CodecOption = CodecOption,
  const ContentType = unknown,
>(
  name: Name,
  options: PluginExchangeOptions<S, C> & GivenCodec<ContentType> & PayloadProblem<S, C, ContentType>,
): PluginExchange<Name, S> {
  const where = `exchange(${quoted(name)})`
  const described = parseOptions(pluginOptions, options, where)
  return Object.freeze(describeOfOne<Name, `x-${string}`, S>(name, described, where))
}
