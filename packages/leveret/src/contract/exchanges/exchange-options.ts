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

/** An exchange whose messages go on to the one that is described. */
export interface SourceOptions {
  /** The exchange that they come from, by name. It must exist. */
  readonly exchange: string
  /** Which of its messages: a routing key, or a pattern of them, by the type of that exchange. @defaultValue '' */
  readonly bindingKey?: string | undefined
  /** What else the binding asks for, such as the headers of a headers exchange. At most 48 KiB. @defaultValue {} */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
}

/** How an exchange is declared. */
export interface ExchangeOptions<C extends CodecOption = CodecOption> {
  /**
   * How payloads are written. Of several, the first encodes; a delivery is decoded by the one whose content type it has.
   * @defaultValue json
   */
  readonly codec?: C | undefined
  /** Survives a restart of the broker. @defaultValue true */
  readonly durable?: boolean | undefined
  /** Goes when its last binding does. @defaultValue false */
  readonly autoDelete?: boolean | undefined
  /** Nobody publishes to it; it is only bound to others. @defaultValue false */
  readonly internal?: boolean | undefined
  /**
   * The exchange, by name, that gets what no queue took. Without one, that is lost, unless it is published as `mandatory`.
   * @see https://www.rabbitmq.com/docs/ae
   * @defaultValue none
   */
  readonly alternate?: string | undefined
  /** What else to declare it with, of at most 48 KiB. Arguments cannot be changed once it exists. @defaultValue {} */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
  /**
   * Exchanges whose messages come here too. They must exist.
   * @see https://www.rabbitmq.com/docs/e2e
   * @defaultValue []
   */
  readonly boundTo?: readonly SourceOptions[] | undefined
  /**
   * Written to the `leveret-contract` header, after the name: what tells the versions of a contract apart, of 1 to 64 characters.
   * @defaultValue none
   */
  readonly version?: string | undefined
  /** Somebody else declares it: leveret asks whether it is there (a passive declaration), and never declares it. @defaultValue false */
  readonly existing?: boolean | undefined
}

/** What `fanoutExchange` takes beside the name. */
export interface FanoutExchangeOptions<S extends Schema, C extends CodecOption = CodecOption>
  extends ExchangeOptions<C> {
  /** What each message is. What is sent of it is as with `payload` of `workQueue`. */
  readonly payload: S
}

/** What `headersExchange` takes beside the name. */
export interface HeadersExchangeOptions<H extends Schema, S extends Schema, C extends CodecOption = CodecOption>
  extends ExchangeOptions<C> {
  /** What each message has in its headers, as an object's schema: text, numbers, booleans, and lists and tables of them. */
  readonly headers: H
  /** What each message is. What is sent of it is as with `payload` of `workQueue`. */
  readonly payload: S
}

/** How a topic exchange is declared. */
export interface TopicExchangeOptions<C extends CodecOption = CodecOption, Policy extends OverlapPolicy = OverlapPolicy>
  extends ExchangeOptions<C> {
  /**
   * What a message is whose routing key two templates match. `refuse`: the contract is refused instead, by the compiler where it knows the
   * templates. `most-specific`: the first word in which they differ decides; a name comes before `*`, and that before `#`.
   * @defaultValue 'refuse'
   */
  readonly overlap?: Policy | undefined
}

/** The name of an exchange. The default exchange has none, and belongs to RabbitMQ. */
export const exchangeName: z.ZodString = shortString('an exchange name').min(1)

const sourceBinding = z.strictObject({
  exchange: exchangeName,
  bindingKey: shortString('a binding key').default(''),
  arguments: argumentsOption.default({}),
})

/** The check of {@link ExchangeOptions}. */
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

/** The check of {@link FanoutExchangeOptions}. */
export const fanoutOptions = exchangeOptions.extend({ payload: schemaOption })

/** The check of {@link HeadersExchangeOptions}. */
export const headersOptions = exchangeOptions.extend({ headers: schemaOption, payload: schemaOption })

/** The check of {@link TopicExchangeOptions}. */
export const topicOptions = exchangeOptions.extend({ overlap: z.enum(['refuse', 'most-specific']).default('refuse') })
