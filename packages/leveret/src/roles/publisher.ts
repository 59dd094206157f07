import { z } from 'zod'
import { atMost } from '../async/timing.js'
import { type CloseOptions, Closing } from '../connection/closing.js'
import { type Connection, internalsOf } from '../connection/connection.js'
import type { RoleHealth } from '../connection/health.js'
import type { InputFor, RoutedExchange } from '../contract/exchanges/event-types.js'
import type { Exchange, FanoutExchange, HeadersExchange, PluginExchange } from '../contract/exchanges/exchange.js'
import { templateContractsOf } from '../contract/exchanges/template-contracts.js'
import type { PayloadContract } from '../contract/payloads/payload.js'
import type { SchemaInput } from '../contract/payloads/schema.js'
import { checkContract } from '../contract/payloads/shared-options.js'
import { MADE } from '../errors/marks.js'
import { OptionsError } from '../errors/options-error.js'
import { parseOptions } from '../options.js'
import { type MessageOptions, messageOptions } from '../publishing/compose.js'
import type { Published } from '../publishing/engine/request.js'
import { anyRoutingKey, checkCopyKeys, readHeaders } from '../publishing/event-parts.js'
import { Sender, type Sending } from '../publishing/sender.js'
import { exchangeDeclarationsOf } from '../topology/exchange-declarations.js'

/**
 * Publishes events to one exchange, each confirmed by the broker.
 *
 * @example
 * ```ts
 * import { connect, Publisher, topicExchange } from 'leveret'
 * import { z } from 'zod'
 *
 * const shop = topicExchange('shop', { 'order.created': z.object({ orderId: z.int() }) })
 * await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
 * const { routed } = await new Publisher(rabbit, shop).publish('order.created', { orderId: 7 })
 * console.log(`somebody listens: ${routed}`) // prints: somebody listens: false
 * ```
 */
export class Publisher<const E extends Exchange> implements AsyncDisposable {
  /**
   * Publishes one event: `publish(routingKey, payload)` to a direct or topic exchange, `publish(headers, payload)` to a
   * headers exchange, `publish(payload)` to a fanout exchange. Resolves when the broker has confirmed it; then every
   * queue with a matching binding has it.
   *
   * The exchange is declared first, once per connection. If the connection is lost meanwhile, `publish` waits for the
   * next one and sends the event again under the same `messageId`, until `timeoutMs` is over. So an event may arrive
   * twice.
   *
   * @throws {@link PayloadError} the schema refuses the payload or the headers; nothing was sent
   * @throws {@link OptionsError} the routing key matches no template of the contract, or an option is wrong; nothing
   *   was sent
   * @throws {@link TopologyMismatchError} the exchange exists with another type or other arguments; nothing was sent
   * @throws {@link BrokerError} the exchange may not be declared; nothing was sent
   * @throws {@link PublishError} `outcome` says whether it may have been stored
   * @see https://www.rabbitmq.com/docs/confirms#publisher-confirms
   */
  readonly publish: PublishFunction<E>
  readonly #contract: Exchange
  readonly #closing = new Closing()
  readonly #sender: Sender
  readonly #unregister: () => void
  #unrouted = 0

  /** Opens and declares nothing before the first `publish`. @throws {@link ClosedError} the connection was closed */
  constructor(rabbit: Connection, contract: E) {
    checkContract('Publisher', contract, 'exchange')
    this.#contract = contract
    this.#sender = new Sender(rabbit, 'publisher', contract, this.#closing)
    // The function takes the arguments that the type allows for this kind of exchange.
    this.publish = this.#functionFor(contract) as PublishFunction<E>
    this.#unregister = internalsOf(rabbit).register({
      stage: 'producer',
      sender: `publisher of '${contract.name}'`,
      close: async (timeoutMs) => await this.close({ timeoutMs }),
      health: () => this.#health(),
    })
  }

  /** Takes no more events, and waits until those already begun have settled. A second call returns the same promise. */
  close(options?: CloseOptions): Promise<void> {
    return this.#closing.begin(options, (timeoutMs) => this.#close(timeoutMs))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal */
  get [MADE](): 'role' {
    return 'role'
  }

  #functionFor(exchange: Exchange): unknown {
    switch (exchange.type) {
      case 'fanout':
        return (payload: unknown, options?: PublishOptions) =>
          this.#publish({ contract: exchange, payload, routingKey: '', options })
      case 'headers':
        return (headers: unknown, payload: unknown, options?: PublishOptions) =>
          this.#publish({ contract: exchange, payload, routingKey: '', options, headers })
      case 'direct':
      case 'topic': {
        const contracts = templateContractsOf(exchange)
        return async (routingKey: string, payload: unknown, options?: PublishOptions) => {
          const contract = contracts.ofPublished(routingKey)
          if (options !== undefined) checkCopyKeys(contracts, contract, options, 'publish')
          const { template } = contract
          return await this.#publish({ contract, payload, routingKey, options, template })
        }
      }
      default:
        return async (routingKey: string, payload: unknown, options?: PublishOptions) =>
          await this.#publish({
            contract: exchange,
            payload,
            routingKey: anyRoutingKey(routingKey, 'publish'),
            options,
          })
    }
  }

  async #publish({ contract, payload, routingKey, options = {}, headers, template }: Asked): Promise<Published> {
    const { mandatory, ...checked } = parseOptions(publishOptions, options, 'publish')
    const { name: exchange, type } = this.#contract
    // The delayed-message plugin returns the messages that it delays, as if no queue were bound.
    const reportsReturns = type !== 'x-delayed-message'
    if (!reportsReturns && mandatory)
      throw new OptionsError(`publish: mandatory: an exchange of the type ${type} does not report unroutable messages`)
    let routed: boolean | undefined = reportsReturns ? true : undefined
    const whenReturned = (isSure: boolean): void => {
      routed = isSure ? false : undefined
      if (isSure) this.#unrouted += 1
    }
    const route = {
      exchange,
      routingKey,
      topology: exchangeDeclarationsOf(this.#contract),
      // Without it, the broker would not report that no queue is bound.
      mandatory: reportsReturns,
      ...(template === undefined ? {} : { destination: `${exchange}:${template}` }),
      ...(type === 'topic' ? { template } : {}),
      ...(mandatory ? {} : { whenReturned }),
    }
    const sending = { route, options: await this.#withHeaders(headers, { route, options: checked }) }
    const { messageId } = await this.#sender.send(contract, payload, sending)
    return { messageId, routed }
  }

  async #withHeaders(headers: unknown, sending: Sending): Promise<MessageOptions> {
    const { options } = sending
    const contract = this.#contract
    if (contract.type !== 'headers') return options
    const more = await this.#sender.beside(() => readHeaders(contract, headers, 'publish'), sending)
    return { ...options, headers: { ...options.headers, ...more } }
  }

  #health(): RoleHealth {
    return { ...this.#sender.health('publisher'), unrouted: this.#unrouted }
  }

  async #close(timeoutMs: number): Promise<void> {
    await atMost(timeoutMs, this.#sender.whenIdle())
    this.#unregister()
  }
}

/** Options of {@link Publisher.publish}. */
export interface PublishOptions extends MessageOptions {
  /**
   * Whether to reject as `returned` when no queue is bound for the message. Without it such a message counts as
   * published, and in `health().unrouted`. @defaultValue false
   */
  readonly mandatory?: boolean | undefined
}

/** Checks {@link PublishOptions}. */
export const publishOptions = messageOptions.extend({ mandatory: z.boolean().default(false) })

/** The type of `publish`, which depends on the type of the exchange. */
export type PublishFunction<E extends Exchange> = E extends RoutedExchange
  ? <const Key extends string>(
      routingKey: Key,
      payload: InputFor<E, Key>,
      options?: PublishOptions,
    ) => Promise<Published>
  : E extends HeadersExchange<string, infer H, infer S>
    ? (headers: SchemaInput<H>, payload: SchemaInput<S>, options?: PublishOptions) => Promise<Published>
    : E extends FanoutExchange<string, infer S>
      ? (payload: SchemaInput<S>, options?: PublishOptions) => Promise<Published>
      : E extends PluginExchange<string, infer S>
        ? (routingKey: string, payload: SchemaInput<S>, options?: PublishOptions) => Promise<Published>
        : never

/** The arguments of one `publish`. */
interface Asked {
  readonly contract: PayloadContract
  readonly payload: unknown
  readonly routingKey: string
  readonly options: PublishOptions | undefined
  readonly headers?: unknown
  readonly template?: string
}
