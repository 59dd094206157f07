import { z } from 'zod'
import { shortString } from '../../message/short-string.js'
import { type CodecOption, json } from '../payloads/codec.js'
import type { Schema } from '../payloads/schema.js'
import {
  argumentsOption,
  codecOption,
  existingOption,
  schemaOption,
  versionOption,
} from '../payloads/shared-options.js'
import type { OverlapPolicy } from './overlap-types.js'

/** An exchange that the described exchange is bound to: its messages come here too. */
export interface SourceOptions {
  /** Name of the source exchange. It must exist. */
  readonly exchange: string
  /** Binding key for the source's messages: a routing key, or a pattern, by the type of the source. @defaultValue '' */
  readonly bindingKey?: string | undefined
  /** Arguments of the binding, such as the headers for a headers exchange. At most 48 KiB. @defaultValue {} */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
}

/** Options of an exchange of any type. */
export interface ExchangeOptions<C extends CodecOption = CodecOption> {
  /**
   * Codec of payloads. Of several, the first encodes; a delivery is decoded by the codec of its content type.
   * @defaultValue json
   */
  readonly codec?: C | undefined
  /** Whether the exchange survives a restart of the broker. @defaultValue true */
  readonly durable?: boolean | undefined
  /** Whether the broker deletes the exchange with its last binding. @defaultValue false */
  readonly autoDelete?: boolean | undefined
  /**
   * Whether the broker refuses publishes to it, so that messages come from other exchanges only.
   * @defaultValue false
   */
  readonly internal?: boolean | undefined
  /**
   * Name of the exchange that gets the messages that no queue took. Without one, such a message is lost, unless it was
   * published as `mandatory`.
   * @see https://www.rabbitmq.com/docs/ae
   * @defaultValue none
   */
  readonly alternate?: string | undefined
  /**
   * Further arguments of the declaration, at most 48 KiB. They cannot be changed once the exchange exists.
   * @defaultValue {}
   */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
  /**
   * Exchanges whose messages come here too. They must exist.
   * @see https://www.rabbitmq.com/docs/e2e
   * @defaultValue []
   */
  readonly boundTo?: readonly SourceOptions[] | undefined
  /**
   * Version of the contract, from 1 to 64 characters. It is written to the `leveret-contract` header, after the name.
   * @defaultValue none
   */
  readonly version?: string | undefined
  /**
   * Whether another program declares the exchange. leveret then only checks that it exists (a passive declaration).
   * @defaultValue false
   */
  readonly existing?: boolean | undefined
}

/** Options of `fanoutExchange`. */
export interface FanoutExchangeOptions<S extends Schema, C extends CodecOption = CodecOption>
  extends ExchangeOptions<C> {
  /** Schema of each message. The same keys are sent as with `payload` of `workQueue`. */
  readonly payload: S
}

/** Options of `headersExchange`. */
export interface HeadersExchangeOptions<H extends Schema, S extends Schema, C extends CodecOption = CodecOption>
  extends ExchangeOptions<C> {
  /** Schema of the headers of each message, an object: text, numbers, booleans, and lists and tables of them. */
  readonly headers: H
  /** Schema of each message. The same keys are sent as with `payload` of `workQueue`. */
  readonly payload: S
}

/** Options of `topicExchange`. */
export interface TopicExchangeOptions<C extends CodecOption = CodecOption, Policy extends OverlapPolicy = OverlapPolicy>
  extends ExchangeOptions<C> {
  /**
   * Rule for a routing key that two templates match. `refuse`: the contract is refused, by the compiler if it knows the
   * templates. `most-specific`: the first word in which the templates differ decides; a name comes before `*`, and `*`
   * before `#`.
   * @defaultValue 'refuse'
   */
  readonly overlap?: Policy | undefined
}

/** Checks the name of an exchange. The default exchange has no name, and belongs to RabbitMQ. */
export const exchangeName: z.ZodString = shortString('an exchange name').min(1)

const sourceBinding = z.strictObject({
  exchange: exchangeName,
  bindingKey: shortString('a binding key').default(''),
  arguments: argumentsOption.default({}),
})

/** Checks {@link ExchangeOptions}. */
export const exchangeOptions = z.strictObject({
  codec: codecOption.default(json),
  durable: z.boolean().default(true),
  autoDelete: z.boolean().default(false),
  internal: z.boolean().default(false),
  alternate: exchangeName.optional(),
  arguments: argumentsOption.default({}),
  boundTo: z.array(sourceBinding).readonly().default([]),
  version: versionOption.optional(),
  existing: existingOption,
})

/** Checks {@link FanoutExchangeOptions}. */
export const fanoutOptions = exchangeOptions.extend({ payload: schemaOption })

/** Checks {@link HeadersExchangeOptions}. */
export const headersOptions = exchangeOptions.extend({ headers: schemaOption, payload: schemaOption })

/** Checks {@link TopicExchangeOptions}. */
export const topicOptions = exchangeOptions.extend({ overlap: z.enum(['refuse', 'most-specific']).default('refuse') })
