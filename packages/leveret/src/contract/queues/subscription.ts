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

/** What becomes of a message that no template matches, or that no binding key asked for. */
export type UnknownPolicy = 'retry' | 'dead-letter' | 'ignore'

/**
 * What a durable subscriber gets of an exchange, where it waits, and what becomes of what fails, as `subscription` describes it: data,
 * without I/O, safe to share between services.
 */
export interface Subscription<E extends Exchange = Exchange, Keys extends readonly string[] = readonly string[]>
  extends QueueContract {
  readonly kind: 'subscription'
  /** Name of the queue. */
  readonly name: string
  /** The exchange whose messages come. */
  readonly of: E
  /** Empty where the exchange is one without routing keys. */
  readonly bindingKeys: Keys
  /** The bindings of the queue, as they are declared. */
  readonly bindings: readonly Binding[]
  readonly onUnknown: UnknownPolicy
}

/** What becomes of a message that the contract does not know. */
export const unknownOption = z.enum(['retry', 'dead-letter', 'ignore'])

/** What every subscription may say, whatever its exchange is. */
export interface SubscriptionQueueOptions<E extends Exchange, Type extends QueueType = QueueType>
  extends Omit<QueueContractOptions<Type>, 'version'> {
  /** The exchange whose messages come. */
  readonly of: E
  /**
   * What becomes of a message that no template matches, or no binding key brings. `retry`: a failed attempt like any other, since
   * during a rolling deploy another instance may know it; after the last one it is dead-lettered, as `unknown-message`.
   * `dead-letter`: that at once. `ignore`: it is acknowledged, and reported as `delivery.ignored`.
   *
   * @defaultValue 'retry'
   */
  readonly onUnknown?: UnknownPolicy | undefined
}

/** What `subscription` takes beside the name. */
export type SubscriptionOptions<
  E extends Exchange,
  Keys extends readonly string[],
  Type extends QueueType = QueueType,
> = SubscriptionQueueOptions<E, Type> & BindingChoice<E, Keys>

/** The check of {@link SubscriptionOptions}. */
export const subscriptionOptions = queueContractOptions
  .omit({ version: true })
  .extend({ of: exchangeOption, onUnknown: unknownOption.default('retry'), ...bindingOptions.shape })

/**
 * Describes a durable subscription: a queue that is bound to an exchange, and keeps what comes while nobody runs. Every instance of a
 * service that subscribes by it gets a share.
 *
 * What fails is tried again by this queue, and by no other subscriber's, and then kept in `<name>.dead-letter`, as with `workQueue`,
 * whose defaults hold here too. Bindings are added and never removed: another version of the service may need them. With `existing` the
 * queue and its bindings are somebody else's, and `bindingKeys` only say what comes.
 *
 * @param name - of the queue
 * @throws {@link OptionsError} when the description contradicts itself, its exchange or RabbitMQ
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
