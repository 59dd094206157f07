import { z } from 'zod'
import { tableProblem } from '../connection/table.js'
import { checkBindingKeys } from '../contract/binding-keys.js'
import { bytes } from '../contract/codec.js'
import type { Exchange } from '../contract/exchange.js'
import type { Schema } from '../contract/schema.js'
import { type WorkQueue, type WorkQueueOptions, workQueue } from '../contract/work-queue.js'
import { OptionsError } from '../errors.js'
import { namesProblem, shortString } from '../short-string.js'
import { streamArguments } from '../topology/stream.js'
import type { Binding } from '../topology/subscription.js'
import { type StreamSettings, streamOptions } from './stream-options.js'

const bindingKey = shortString('a binding key')

const headerMatch = z.strictObject({
  /** Of these headers a message has each, or one at least, with these values. */
  headers: z.record(z.string(), z.unknown()).superRefine((value, context) => {
    const problem = tableProblem(value) ?? namesProblem(value)
    if (problem !== undefined) context.addIssue(problem)
  }),
  /** @defaultValue 'all' */
  match: z.enum(['all', 'any']).default('all'),
})

/** Which messages a subscriber gets, and where they wait for it. */
export const subscriptionOptions = z.strictObject({
  /** For direct and topic exchanges: routing keys, or patterns of them. */
  bindingKeys: z.array(bindingKey).min(1).optional(),
  /** For headers exchanges. @defaultValue all messages */
  matches: z.array(headerMatch).min(1).optional(),
  /**
   * The name of a queue makes the subscriber durable: what comes while nobody runs waits there, and every instance that names it
   * gets a share. Without it the subscriber is ephemeral: it has a queue of its own that goes with its connection, and gaps are
   * told.
   */
  queue: shortString('a queue name').min(1).optional(),
  /** Makes the subscriber read a stream: history too, as often as it likes, and without taking anything away from others. */
  stream: streamOptions.optional(),
  /** How a durable queue is declared; see `workQueue`. */
  settings: z.record(z.string(), z.unknown()).optional(),
  /**
   * Durable and streams; see `workQueue`. What failed is tried again by this queue, and by no other subscriber's. In a stream it
   * is held meanwhile, and with a concurrency of 1 everything behind it: keep the delays short, and their sum far below the
   * broker's consumer timeout of 30 minutes.
   */
  retry: z.unknown().optional(),
  /** Durable and streams; see `workQueue`. Of a stream, where it stays anyhow, nothing is kept unless it is asked for. */
  deadLetter: z.unknown().optional(),
  /** Durable only; see `workQueue`. */
  onInvalid: z.enum(['dead-letter', 'retry']).optional(),
  /** Ephemeral only: the most messages that wait; older ones give way. @defaultValue no bound */
  maxLength: z.int().min(1).optional(),
  /**
   * What becomes of a message that no template matches, or no binding key brings. `retry`: a failed attempt like any other, since
   * during a rolling deploy another instance may know it; after the last one it is dead-lettered, as `unknown-message`.
   * `dead-letter`: that at once. `ignore`: it is acknowledged, and told.
   *
   * @defaultValue 'retry' for a durable subscriber, 'ignore' for an ephemeral one and for a stream
   */
  onUnknown: z.enum(['retry', 'dead-letter', 'ignore']).optional(),
})

/** A subscription, checked. */
export type SubscriptionSettings = z.output<typeof subscriptionOptions>

/** The bindings that bring what a subscriber wants. @throws {@link OptionsError} they are not for this type of exchange */
export function bindingsOf(exchange: Exchange, { bindingKeys, matches }: SubscriptionSettings): readonly Binding[] {
  const { type, name } = exchange
  const isRouted = type === 'direct' || type === 'topic'
  if (isRouted !== (bindingKeys !== undefined)) {
    throw new OptionsError(
      `Subscriber: ${isRouted ? `bindingKeys are missing for the ${type} exchange '${name}'` : `bindingKeys are for direct and topic exchanges, and '${name}' is a ${type} exchange`}`,
    )
  }
  if (matches !== undefined && type !== 'headers') {
    throw new OptionsError(`Subscriber: matches are for headers exchanges, and '${name}' is a ${type} exchange`)
  }
  if (bindingKeys !== undefined && isRouted) checkBindingKeys(exchange, bindingKeys, 'Subscriber')
  if (bindingKeys !== undefined) return bindingKeys.map((key) => ({ bindingKey: key, arguments: {} }))
  if (type === 'fanout') return [{ bindingKey: '', arguments: {} }]
  return (matches ?? [{ headers: {}, match: 'all' }]).map(({ headers, match }) => ({
    bindingKey: '',
    arguments: { ...headers, 'x-match': match },
  }))
}

/** Any payload: what it is is found out for each message, by its exchange's contract. */
const anything: Schema = { '~standard': { version: 1, vendor: 'leveret', validate: (value) => ({ value }) } }

/**
 * The queue of a durable subscriber, as a contract: it is retried and dead-lettered like a work queue.
 *
 * @throws {@link OptionsError}
 */
export function durableQueue(queue: string, { codec, version }: Exchange, settings: SubscriptionSettings): WorkQueue {
  const { maxLength, settings: declared, retry, deadLetter, onInvalid } = settings
  if (maxLength !== undefined) {
    throw new OptionsError(
      "Subscriber: maxLength is for ephemeral subscribers; a durable queue's is its operator's policy",
    )
  }
  const given = { queue: declared, retry, deadLetter, onInvalid, version }
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return workQueue(queue, { payload: anything, codec, ...options } as WorkQueueOptions<Schema>)
}

/** A stream, as a contract: what fails for good may be kept in a queue. @throws {@link OptionsError} */
export function streamQueue(stream: StreamSettings, exchange: Exchange, settings: SubscriptionSettings): WorkQueue {
  const { queue, settings: declared, maxLength, onInvalid, retry, deadLetter = false } = settings
  const given = { queue, settings: declared, maxLength, onInvalid }
  const misplaced = Object.entries(given).find(([, value]) => value !== undefined)
  if (misplaced !== undefined) throw new OptionsError(`Subscriber: ${misplaced[0]} is not for streams`)
  if (typeof retry === 'object' && retry !== null && 'native' in retry) {
    throw new OptionsError(
      'Subscriber: retry.native is not for streams: only a quorum queue holds back what has failed',
    )
  }
  const { name, retention = {} } = stream
  return durableQueue(name, exchange, { ...settings, deadLetter, settings: { arguments: streamArguments(retention) } })
}

/** The queue of an ephemeral subscriber: what fails is gone, as the queue itself will be. @throws {@link OptionsError} */
export function ephemeralQueue(exchange: Exchange, settings: SubscriptionSettings): WorkQueue {
  const { settings: declared, retry, deadLetter, onInvalid } = settings
  const misplaced = Object.entries({ settings: declared, retry, deadLetter, onInvalid }).find(
    ([, value]) => value !== undefined,
  )
  if (misplaced !== undefined) {
    throw new OptionsError(`Subscriber: ${misplaced[0]} is for durable subscribers: name a queue`)
  }
  return {
    kind: 'work-queue',
    name: exchange.name,
    payload: anything,
    codec: bytes,
    queue: { type: 'classic', durable: false, settings: 'arguments', singleActive: false },
    retry: false,
    onInvalid: 'dead-letter',
    deadLetter: false,
  }
}
