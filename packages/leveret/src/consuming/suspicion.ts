import type { ReceivedMessage } from '../connection/message.js'
import { nativeRetryOf } from '../contract/retry.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { notedReturnsOf, returnsOf } from './lineage.js'

/** From this many returns on, a message is suspected to be what ends the processes that handle it. */
const SUSPECT_AT = 2
/** With this many it is given up: the delivery limit that a quorum queue has from RabbitMQ itself. */
export const MAX_RETURNS = 20

/** How a worker finds out which message ends the processes that handle it. */
export interface Suspicion {
  /** Whether any message is ever suspected. */
  readonly isOn: boolean
  /** Whether a message has come back so often that it is to be handled alone. */
  isSuspect(message: ReceivedMessage): boolean
  /** Whether it has come back so often that it is given up, where the broker does not see to that. */
  isWornOut(message: ReceivedMessage): boolean
  /** How often it has come back, where nobody has written the last time down; `undefined` where somebody has. */
  uncounted(message: ReceivedMessage): number | undefined
  /** What a copy must say when the message is put back; `undefined` where the broker knows. */
  noted(message: ReceivedMessage): number | undefined
}

/** Nothing is suspected. What copies have taken from the broker's count is still counted: it might have no end otherwise. */
const NONE: Suspicion = {
  isOn: false,
  isSuspect: () => false,
  isWornOut: (message) => notedReturnsOf(message) > 0 && returnsOf(message) >= MAX_RETURNS,
  uncounted: () => undefined,
  noted: () => undefined,
}

/** The broker counts. Every return but a `nack` since RabbitMQ 4.3 counts: also those of innocents that were held beside it. */
const QUORUM: Suspicion = { ...NONE, isOn: true, isSuspect: (message) => returnsOf(message) >= SUSPECT_AT }

/** Nobody counts, and all that the broker tells is that there was a return: a crash, or a `nack` of our own. */
const CLASSIC: Suspicion = {
  isOn: true,
  isSuspect: (message) => classicReturnsOf(message) >= SUSPECT_AT,
  isWornOut: (message) => classicReturnsOf(message) >= MAX_RETURNS,
  uncounted: (message) => (message.fields.redelivered ? classicReturnsOf(message) : undefined),
  noted: notedReturnsOf,
}

/**
 * Where only one consumer is active, its order is worth more: neither a pause nor a copy may change it. With native retry the
 * broker counts failed attempts, and those are no reason for suspicion.
 */
export function suspicionOf({ queue, retry }: WorkQueue): Suspicion {
  const { 'x-queue-type': type = 'classic', 'x-single-active-consumer': singleActive } = queue.arguments ?? {
    'x-queue-type': queue.type,
    'x-single-active-consumer': queue.singleActive,
  }
  if (singleActive === true || nativeRetryOf(retry) !== undefined) return NONE
  return type === 'classic' ? CLASSIC : QUORUM
}

/** Nothing is suspected. */
export function noSuspicion(): Suspicion {
  return NONE
}

function classicReturnsOf(message: ReceivedMessage): number {
  return notedReturnsOf(message) + (message.fields.redelivered ? 1 : 0)
}
