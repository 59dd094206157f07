import { checkExclusive } from '../consuming/handling/exclusivity.js'
import { type HandlingSettings, handlingOptions, MAX_PREFETCH } from '../consuming/handling/worker-options.js'
import { checkBindingKeys } from '../contract/exchanges/binding-keys.js'
import { type Binding, bindingsOf } from '../contract/exchanges/bindings.js'
import type { Exchange } from '../contract/exchanges/exchange.js'
import { wantedBy } from '../contract/exchanges/routing-key.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import type { Stream } from '../contract/queues/stream.js'
import type { Subscribable } from '../contract/queues/subscribable.js'
import type { Subscription, UnknownPolicy } from '../contract/queues/subscription.js'
import { givenAs } from '../errors/given.js'
import { OptionsError } from '../errors/options-error.js'
import { parseOptions } from '../options.js'
import type { StreamReaderOptions } from '../streams/stream-reader.js'
import { durableOptions, ephemeralOptions, readerOptions } from './subscriber-options.js'

/** The settings that follow from a subscriber's contract and options. */
export interface SubscriberPlan {
  readonly kind: 'durable' | 'ephemeral' | 'stream'
  readonly handling: HandlingSettings
  /** The contract of the queue that is consumed. */
  readonly contract: QueueContract
  readonly exchange: Exchange
  readonly bindings: readonly Binding[]
  readonly bindingKeys: readonly string[]
  readonly onUnknown: UnknownPolicy
  readonly maxLength?: number | undefined
  /** The position in a stream at which to begin, and the events to skip; `undefined` for other queues. */
  readonly reader?: Pick<StreamReaderOptions, 'offset' | 'store' | 'saveEveryMs' | 'wants'>
}

/**
 * The least prefetch for a stream. RabbitMQ gives credit for further deliveries by acks, so a stream that waits for
 * each ack is slow.
 */
const STREAM_PREFETCH = 100

/** Checks the options, and makes the plan. @throws {@link OptionsError} */
export function planOf(contract: Subscribable, options: Readonly<Record<string, unknown>>): SubscriberPlan {
  if (typeof options !== 'object' || options === null) {
    throw new OptionsError(`Subscriber: the options are ${givenAs(options)}: expected an object`)
  }
  const [given, rest] = apart(options)
  switch (contract.kind) {
    case 'subscription':
      return durable(contract, given, rest)
    case 'stream':
      return reader(contract, given, rest)
    default:
      return ephemeral(contract, given, rest)
  }
}

type Given = Readonly<Record<string, unknown>>

function durable(contract: Subscription, given: Given, rest: Given): SubscriberPlan {
  parseOptions(durableOptions, rest, 'Subscriber')
  const handling = parseOptions(handlingOptions, given, 'Subscriber')
  checkExclusive('Subscriber', contract, handling)
  const { of: exchange, bindings, bindingKeys, onUnknown } = contract
  return { kind: 'durable', handling, contract, exchange, bindings, bindingKeys, onUnknown }
}

/** Plans a subscriber of a stream. Events are handled in order, unless `concurrency` says otherwise. */
function reader(contract: Stream, given: Given, rest: Given): SubscriberPlan {
  const { only, ...from } = parseOptions(readerOptions, rest, 'Subscriber')
  const { concurrency = 1, batch, isolation, acknowledge, priority, exclusive } = given
  const size: unknown = Object(batch).size ?? 1
  // Values that are no numbers are refused below, with the other options.
  const most = Math.min(Number(concurrency) * Number(size), MAX_PREFETCH) || 1
  const { prefetch = Math.max(STREAM_PREFETCH, most) } = given
  if (acknowledge === 'none') {
    throw new OptionsError(
      "Subscriber: acknowledge: 'none' is not for streams: a stream is read again from the first message that was not handled",
    )
  }
  refuseForDurable({ priority, exclusive })
  if (isolation !== undefined) {
    throw new OptionsError('Subscriber: isolation is not for streams: a stream does not count redeliveries')
  }
  const handling = parseOptions(handlingOptions, { ...given, concurrency, prefetch }, 'Subscriber')
  const { of: exchange, bindings, bindingKeys, onUnknown } = contract
  return {
    kind: 'stream',
    handling: { ...handling, isolation: false },
    contract,
    exchange,
    bindings,
    bindingKeys,
    onUnknown,
    reader: { ...from, ...(only === undefined ? {} : { wants: filterOf(exchange, only) }) },
  }
}

function filterOf(exchange: Exchange, only: readonly string[]): (routingKey: string) => boolean {
  const { type, name } = exchange
  if (type !== 'direct' && type !== 'topic') {
    throw new OptionsError(
      `Subscriber: the option only is for streams of direct and topic exchanges, and '${name}' is a ${type} exchange`,
    )
  }
  checkBindingKeys(exchange, only, 'Subscriber: only')
  return wantedBy(only, type)
}

/** Separates the options of handling, as a worker has them, from those of the subscription. */
function apart(options: Readonly<Record<string, unknown>>): [Given, Given] {
  const isHandling = ([name]: [string, unknown]): boolean => name in handlingOptions.in.shape
  const entries = Object.entries(options)
  const others = entries.filter((entry) => !isHandling(entry))
  return [Object.fromEntries(entries.filter(isHandling)), Object.fromEntries(others)]
}

/** Plans an ephemeral subscriber. Its queue is deleted with its connection, so failed messages are not kept either. */
function ephemeral(exchange: Exchange, given: Given, rest: Given): SubscriberPlan {
  const { maxLength, ...wanted } = parseOptions(ephemeralOptions, rest, 'Subscriber')
  const { deduplicate, priority, exclusive } = given
  refuseForDurable({ priority, exclusive })
  if (deduplicate !== undefined) {
    throw new OptionsError('Subscriber: deduplicate is only for durable subscribers: use a subscription()')
  }
  const handling = parseOptions(handlingOptions, given, 'Subscriber')
  return {
    kind: 'ephemeral',
    handling: { ...handling, isolation: false },
    contract: {
      name: exchange.name,
      queue: { type: 'classic', durable: false, settings: 'arguments', singleActive: false },
      retry: false,
      onInvalid: 'dead-letter',
      deadLetter: false,
      existing: false,
    },
    exchange,
    bindings: bindingsOf(exchange, wanted, 'Subscriber'),
    bindingKeys: wanted.bindingKeys ?? [],
    onUnknown: 'ignore',
    maxLength,
  }
}

function refuseForDurable(options: Given): void {
  const [wrong] = Object.entries(options).find(([, value]) => value !== undefined) ?? []
  if (wrong === undefined) return
  throw new OptionsError(`Subscriber: ${wrong} is only for durable subscribers: use a subscription()`)
}
