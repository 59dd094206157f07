import type { Exchange } from '../contract/exchange.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { OptionsError } from '../errors.js'
import { givenAs } from '../given.js'
import { parseOptions } from '../options.js'
import type { Binding } from '../topology/subscription.js'
import { type HandlingSettings, handlingOptions } from './handling-options.js'
import { streamHandling } from './stream-options.js'
import {
  bindingsOf,
  durableQueue,
  ephemeralQueue,
  type SubscriptionSettings,
  streamQueue,
  subscriptionOptions,
} from './subscription-options.js'

/** What a subscriber's options come to. */
export interface SubscriberPlan {
  readonly kind: 'durable' | 'ephemeral' | 'stream'
  readonly settings: SubscriptionSettings
  readonly handling: HandlingSettings
  /** What is consumed. */
  readonly contract: WorkQueue
  readonly bindings: readonly Binding[]
}

/** @throws {@link OptionsError} */
export function planOf(exchange: Exchange, options: Readonly<Record<string, unknown>>): SubscriberPlan {
  if (typeof options !== 'object' || options === null) {
    throw new OptionsError(`Subscriber: the options are ${givenAs(options)}: expected an object`)
  }
  const [given, rest] = apart(options)
  const { deduplicate } = given
  const settings = parseOptions(subscriptionOptions, rest, 'Subscriber')
  const kind = kindOf(settings)
  if (kind === 'ephemeral' && deduplicate !== undefined) {
    throw new OptionsError('Subscriber: deduplicate is for durable subscribers: name a queue')
  }
  const handling = parseOptions(handlingOptions, kind === 'stream' ? streamHandling(given) : given, 'Subscriber')
  return {
    kind,
    settings,
    handling: { ...handling, isolation: handling.isolation && kind === 'durable' },
    contract: contractOf(exchange, settings),
    bindings: bindingsOf(exchange, settings),
  }
}

/** What is about handling, as for a worker, and what is about the subscription. */
function apart(options: Readonly<Record<string, unknown>>): [Record<string, unknown>, Record<string, unknown>] {
  const isHandling = ([name]: [string, unknown]): boolean => name in handlingOptions.in.shape
  const entries = Object.entries(options)
  const others = entries.filter((entry) => !isHandling(entry))
  return [Object.fromEntries(entries.filter(isHandling)), Object.fromEntries(others)]
}

function kindOf({ stream, queue }: SubscriptionSettings): SubscriberPlan['kind'] {
  if (stream !== undefined) return 'stream'
  return queue === undefined ? 'ephemeral' : 'durable'
}

function contractOf(exchange: Exchange, settings: SubscriptionSettings): WorkQueue {
  const { stream, queue } = settings
  if (stream !== undefined) return streamQueue(stream, exchange, settings)
  return queue === undefined ? ephemeralQueue(exchange, settings) : durableQueue(queue, exchange, settings)
}
