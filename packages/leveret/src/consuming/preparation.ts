import type { Channel } from '../connection/channel.js'
import type { ConnectionInternals } from '../connection/connection.js'
import type { Exchange } from '../contract/exchange.js'
import type { QueueContract } from '../contract/queue-contract.js'
import { BrokerError } from '../errors.js'
import { declare, declareOn } from '../topology/declare.js'
import { exchangeDeclarationsOf } from '../topology/exchange-declarations.js'
import { type Binding, bindingsTo, subscriptionDeclarations } from '../topology/subscription.js'
import type { StreamReading } from './stream-reading.js'

/** What a subscriber consumes, and which messages go there. */
export interface Subscribed {
  readonly exchange: Exchange
  readonly bindings: readonly Binding[]
  readonly contract: QueueContract
  readonly maxLength: number | undefined
  readonly reading: StreamReading | undefined
}

/** Makes sure that all is there and bound, before each subscription. @returns the name of the queue */
export type Prepare = (channel: Channel, signal: AbortSignal) => Promise<string>

/** @param kind - what the subscriber consumes */
export function preparing(
  kind: 'durable' | 'ephemeral' | 'stream',
  internals: Pick<ConnectionInternals, 'consumeLane' | 'settings'>,
  subscribed: Subscribed,
): Prepare {
  if (kind === 'ephemeral') return async (channel, signal) => await ephemeral(internals, subscribed, channel, signal)
  if (kind === 'durable') return async (channel, signal) => await durable(internals, subscribed, channel, signal)
  return async (channel, signal) => await stream(internals, subscribed, channel, signal)
}

async function durable(
  { consumeLane, settings }: Pick<ConnectionInternals, 'consumeLane' | 'settings'>,
  { exchange, bindings, contract }: Subscribed,
  channel: Channel,
  signal: AbortSignal,
): Promise<string> {
  const needed = subscriptionDeclarations(exchange, contract, bindings)
  await declareOn({ lane: consumeLane, channel }, needed, settings.topology, signal)
  return contract.name
}

/** What is tried again is held, so no queue is needed for that. */
async function stream(
  internals: Pick<ConnectionInternals, 'consumeLane' | 'settings'>,
  { exchange, bindings, contract, reading }: Subscribed,
  channel: Channel,
  signal: AbortSignal,
): Promise<string> {
  const { consumeLane, settings } = internals
  const isNew = await isMissing(internals, contract.name, signal)
  const needed = subscriptionDeclarations(exchange, contract, bindings)
  await declareOn({ lane: consumeLane, channel }, needed, settings.topology, signal)
  await reading?.locate(isNew, signal)
  return contract.name
}

/** On the consumer's own channel: a queue of the connection that is gone cannot be meant. All is bound before anything is consumed. */
async function ephemeral(
  { consumeLane, settings }: Pick<ConnectionInternals, 'consumeLane' | 'settings'>,
  { exchange, bindings, maxLength }: Subscribed,
  channel: Channel,
  signal: AbortSignal,
): Promise<string> {
  await declareOn({ lane: consumeLane, channel }, exchangeDeclarationsOf(exchange), settings.topology, signal)
  const name = await channel.declareOwnQueue(maxLength === undefined ? {} : { 'x-max-length': maxLength })
  for (const binding of bindingsTo(exchange, name, bindings)) await channel.bind(binding)
  return name
}

/** A declaration does not tell whether it has made the stream. */
async function isMissing(
  { consumeLane, settings }: Pick<ConnectionInternals, 'consumeLane' | 'settings'>,
  name: string,
  signal: AbortSignal,
): Promise<boolean> {
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
