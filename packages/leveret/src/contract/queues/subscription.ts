import { z } from 'zod'
import { quoted } from '../../message/short-string.js'
import { parseOptions } from '../../options.js'
import { type Binding, type BindingChoice, bindingOptions, bindingsOf, exchangeOption } from '../exchanges/bindings.js'
import type { BindingKeyProblem } from '../exchanges/event-types.js'
import type { Exchange } from '../exchanges/exchange.js'
import {
  describeQueueContract,
  type QueueContract,
  type QueueContractOptions,
  queueContractOptions,
} from './queue-contract.js'
import type { QueueType } from './queue-options.js'

/** Treatment of a message that no template matches, or that no binding key asked for. */
export type UnknownPolicy = 'retry' | 'dead-letter' | 'ignore'

/**
 * A durable subscription to an exchange, as `subscription` describes it: which messages come, where they wait, and what
 * happens to failed ones. It is data, without I/O, safe to share between services.
 */
export interface Subscription<E extends Exchange = Exchange, Keys extends readonly string[] = readonly string[]>
  extends QueueContract {
  readonly kind: 'subscription'
  /** Name of the queue. */
  readonly name: string
  /** The exchange whose messages come. */
  readonly of: E
  /** Binding keys of the queue. Empty for an exchange without routing keys. */
  readonly bindingKeys: Keys
  /** Bindings of the queue, as they are declared. */
  readonly bindings: readonly Binding[]
  readonly onUnknown: UnknownPolicy
}

/** Checks the option `onUnknown`. */
export const unknownOption = z.enum(['retry', 'dead-letter', 'ignore'])

/** Options of a subscription, whatever its exchange is. */
export interface SubscriptionQueueOptions<E extends Exchange, Type extends QueueType = QueueType>
  extends Omit<QueueContractOptions<Type>, 'version'> {
  /** The exchange whose messages come. */
  readonly of: E
  /**
   * Treatment of a message that no template matches, or that no binding key brings. `retry`: it is a failed attempt
   * like any other, because during a rolling deployment another instance may know it; after the last attempt it is
   * dead-lettered, as `unknown-message`. `dead-letter`: it is dead-lettered at once. `ignore`: it is acknowledged, and
   * reported as `delivery.ignored`.
   *
   * @defaultValue 'retry'
   */
  readonly onUnknown?: UnknownPolicy | undefined
}

/** Options of {@link subscription}. */
export type SubscriptionOptions<
  E extends Exchange,
  Keys extends readonly string[],
  Type extends QueueType = QueueType,
> = SubscriptionQueueOptions<E, Type> & BindingChoice<E, Keys>

/** Checks {@link SubscriptionOptions}. */
export const subscriptionOptions = queueContractOptions
  .omit({ version: true })
  .extend({ of: exchangeOption, onUnknown: unknownOption.default('retry'), ...bindingOptions.shape })

/**
 * Describes a durable subscription: a queue that is bound to an exchange, and keeps messages while no subscriber runs.
 * The instances of a service that subscribe by it share the messages.
 *
 * A failed message is retried by this queue, and by no other subscriber's. After the last attempt it is kept in
 * `<name>.dead-letter`. The defaults are those of `workQueue`. Bindings are added and never removed, because another
 * version of the service may need them. With `existing` another program declares the queue and its bindings, and
 * `bindingKeys` only say what comes.
 *
 * @param name - name of the queue
 * @throws {@link OptionsError} if the description contradicts itself, its exchange or RabbitMQ
 * @example
 * ```ts
 * import { subscription, topicExchange } from 'leveret'
 * import { z } from 'zod'
 *
 * const shop = topicExchange('shop', { 'order.created': z.object({ orderId: z.int() }) })
 * const billing = subscription('billing', { of: shop, bindingKeys: ['order.*'] })
 * console.log(billing.name) // prints: billing
 * ```
 */
export function subscription<
  const E extends Exchange,
  const Keys extends readonly string[] = readonly string[],
  const Type extends QueueType = 'quorum',
>(
  name: string,
  options: SubscriptionOptions<E, Keys, Type> & { readonly bindingKeys?: Keys | undefined } & BindingKeyProblem<
      E,
      Keys
    >,
): Subscription<E, Keys> {
  const where = `subscription(${quoted(name)})`
  const { of, bindingKeys, headers, onUnknown, ...queue } = parseOptions(subscriptionOptions, options, where)
  const described = describeQueueContract(name, queue, where)
  return Object.freeze({
    kind: 'subscription',
    ...described,
    of: of as E,
    bindingKeys: Object.freeze([...(bindingKeys ?? [])]) as readonly string[] as Keys,
    bindings: Object.freeze(bindingsOf(of, { bindingKeys, headers }, where)),
    onUnknown,
  })
}
