import type { Channel } from '../amqp/channel.js'
import type { ConnectionInternals } from '../connection/connection.js'
import type { Binding } from '../contract/exchanges/bindings.js'
import type { Exchange } from '../contract/exchanges/exchange.js'
import type { Stream } from '../contract/queues/stream.js'
import type { Subscription } from '../contract/queues/subscription.js'
import { BrokerError } from '../errors/errors.js'
import type { StreamReading } from '../streams/stream-reader.js'
import { bindingsTo, subscriptionDeclarations } from '../topology/binding-declarations.js'
import { declare, declareOn } from '../topology/declare.js'
import { exchangeDeclarationsOf } from '../topology/exchange-declarations.js'

type Internals = Pick<ConnectionInternals, 'consumeLane' | 'settings'>

/** Makes sure that all is there and bound, before each subscription. @returns the name of the queue */
export type Prepare = (channel: Channel, signal: AbortSignal) => Promise<string>

/** Prepares the queue of a durable subscription, with its exchange, dead letters and bindings. */
export function prepareSubscription({ consumeLane, settings }: Internals, contract: Subscription): Prepare {
  const needed = subscriptionDeclarations(contract)
  return async (channel, signal) => {
    await declareOn({ lane: consumeLane, channel }, needed, settings.topology, signal)
    return contract.name
  }
}

/** Prepares a stream, and finds out where to read on. What is tried again is held, so no queue is needed for that. */
export function prepareStream(internals: Internals, contract: Stream, reading: StreamReading): Prepare {
  const { consumeLane, settings } = internals
  const needed = subscriptionDeclarations(contract)
  return async (channel, signal) => {
    const isNew = !contract.existing && (await isMissing(internals, contract.name, signal))
    await declareOn({ lane: consumeLane, channel }, needed, settings.topology, signal)
    await reading.locate(isNew, signal)
    return contract.name
  }
}

/** An exchange, and which of its messages an ephemeral subscriber gets. */
export interface Ephemeral {
  readonly exchange: Exchange
  readonly bindings: readonly Binding[]
  readonly maxLength?: number | undefined
}

/** Prepares a queue of the subscriber's own. */
export function prepareOwnQueue(internals: Internals, wanted: Ephemeral): Prepare {
  return async (channel, signal) => await ephemeral(internals, wanted, channel, signal)
}

/** On the consumer's own channel: a queue of the connection that is gone cannot be meant. All is bound before anything is consumed. */
async function ephemeral(
  { consumeLane, settings }: Internals,
  { exchange, bindings, maxLength }: Ephemeral,
  channel: Channel,
  signal: AbortSignal,
): Promise<string> {
  await declareOn({ lane: consumeLane, channel }, exchangeDeclarationsOf(exchange), settings.topology, signal)
  const name = await channel.declareOwnQueue(maxLength === undefined ? {} : { 'x-max-length': maxLength })
  for (const binding of bindingsTo(exchange, name, bindings)) await channel.bind(binding)
  return name
}

/** A declaration does not tell whether it has made the stream. */
async function isMissing({ consumeLane, settings }: Internals, name: string, signal: AbortSignal): Promise<boolean> {
  if (settings.topology !== 'declare') return false
  const asked = { kind: 'queue', name, durable: true, arguments: {} } as const
  try {
    await declare(consumeLane, [asked], 'check', signal)
    return false
  } catch (error) {
    if (error instanceof BrokerError && error.replyCode === 404) return true
    throw error
  }
}
