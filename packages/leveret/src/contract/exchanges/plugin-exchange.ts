import { quoted, shortString } from '../../message/short-string.js'
import { parseOptions } from '../../options.js'
import { checkCarried } from '../payloads/carried.js'
import type { CodecOption } from '../payloads/codec.js'
import type { Schema } from '../payloads/schema.js'
import { schemaOption } from '../payloads/shared-options.js'
import type { GivenCodec, PayloadProblem } from './carried-types.js'
import { describeExchange, type PluginExchange } from './exchange.js'
import { type ExchangeOptions, exchangeOptions } from './exchange-options.js'

/** The check of {@link PluginExchangeOptions}. */
export const pluginOptions = exchangeOptions.extend({
  type: shortString("an exchange's type")
    .regex(
      /^x-./,
      "expected a plugin's type, which begins with x-; RabbitMQ's own have functions of their own, such as topicExchange()",
    )
    .transform((type) => type as `x-${string}`),
  payload: schemaOption,
})

/** What `exchange` takes beside the name. */
export interface PluginExchangeOptions<S extends Schema, C extends CodecOption = CodecOption>
  extends ExchangeOptions<C> {
  /** As the plugin calls it, for example `x-consistent-hash`. It begins with `x-`. */
  readonly type: `x-${string}`
  /** What each message is. What is sent of it is as with `payload` of `workQueue`. */
  readonly payload: S
}

/**
 * Describes an exchange of a type that RabbitMQ has beside the four of AMQP, or that one of its plugins brings:
 * `x-consistent-hash`, `x-modulus-hash`, `x-local-random`, `x-delayed-message` and any other that begins with `x-`.
 *
 * What a routing key means is the plugin's business, so a publisher and a binding may have any. What the plugin wants to know
 * of the exchange is in `arguments`, such as `{ 'x-delayed-type': 'topic' }`. A broker that does not know the type refuses it with a
 * `BrokerError`.
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
  const { type, payload, ...settings } = parseOptions(pluginOptions, options, where)
  checkCarried(where, 'payload', payload, settings.codec)
  return Object.freeze({ ...describeExchange(name, settings, where), type, payload: payload as S })
}
