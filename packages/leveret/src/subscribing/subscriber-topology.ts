import type { Channel } from '../amqp/channel.js'
import type { ConnectionInternals } from '../connection/connection.js'
import type { Binding } from '../contract/exchanges/bindings.js'
import type { Exchange } from '../contract/exchanges/exchange.js'
import type { Stream } from '../contract/queues/stream.js'
import type { Subscription } from '../contract/queues/subscription.js'
import { BrokerError } from '../errors/broker-error.js'
import type { StreamReader } from '../streams/stream-reader.js'
import { bindingsTo, subscriptionDeclarations } from '../topology/binding-declarations.js'
import { declare, declareOn } from '../topology/declare.js'
import { exchangeDeclarationsOf } from '../topology/exchange-declarations.js'

type Internals = Pick<ConnectionInternals, 'consumeLane' | 'settings'>

/** Declares and binds everything before each `basic.consume`. @returns the name of the queue */
export type Prepare = (channel: Channel, signal: AbortSignal) => Promise<string>

/** Prepares the queue of a durable subscription, with its exchange, dead letters and bindings. */
export function prepareSubscription({ consumeLane, settings }: Internals, contract: Subscription): Prepare {
  const needed = subscriptionDeclarations(contract)
  return async (channel, signal) => {
    await declareOn({ lane: consumeLane, channel }, needed, settings.topology, signal)
    return contract.name
  }
}

/** Prepares a stream, and finds the offset to continue at. Failed events are held: a stream needs no delay queues. */
export function prepareStream(internals: Internals, contract: Stream, reading: StreamReader): Prepare {
  const { consumeLane, settings } = internals
  const needed = subscriptionDeclarations(contract)
  return async (channel, signal) => {
    const isNew = !contract.existing && (await isMissing(internals, contract.name, signal))
    await declareOn({ lane: consumeLane, channel }, needed, settings.topology, signal)
    await reading.locate(isNew, signal)
    return contract.name
  }
}

/** An exchange, and the messages of it that an ephemeral subscriber gets. */
export interface Ephemeral {
  readonly exchange: Exchange
  readonly bindings: readonly Binding[]
  readonly maxLength?: number | undefined
}

/** Prepares an ephemeral subscriber's own queue. */
export function prepareOwnQueue(internals: Internals, wanted: Ephemeral): Prepare {
  return async (channel, signal) => await ephemeral(internals, wanted, channel, signal)
}

/**
 * Declares the queue on the consumer's own channel, so that it belongs to the same connection. All bindings are made
 * before anything is consumed.
 */
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

/** Whether a stream does not exist. A declaration does not say whether it has created the stream. */
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
