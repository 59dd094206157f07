import type { ReceivedMessage } from '../connection/message.js'
import { nativeRetryOf } from '../contract/retry.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { REDELIVERIES, readFailedDeliveries } from './lineage.js'

/** From this many returns on, a message is suspected to be what ends the processes that handle it. */
const SUSPECT_AT = 2
/** With this many it is given up: the delivery limit that a quorum queue has from RabbitMQ itself. */
export const MAX_REDELIVERIES = 20

/** How a worker finds out which message ends the processes that handle it. */
export interface Suspicion {
  /** Whether a message has come back so often that it is to be handled alone. */
  isSuspect(message: ReceivedMessage): boolean
  /** How often it has come back, where nobody has written that down yet; `undefined` where somebody has. */
  uncounted(message: ReceivedMessage): number | undefined
}

const NONE: Suspicion = { isSuspect: () => false, uncounted: () => undefined }

/** The broker counts. Every return but a `nack` since RabbitMQ 4.3 counts: also those of innocents that were held beside it. */
const QUORUM: Suspicion = {
  isSuspect: (message) => (readFailedDeliveries(message) ?? 0) >= SUSPECT_AT,
  uncounted: () => undefined,
}

/** Nobody counts, and all that the broker tells is that there was a return. */
const CLASSIC: Suspicion = {
  isSuspect: ({ properties }) => countOf(properties.headers?.[REDELIVERIES]) >= SUSPECT_AT,
  uncounted: ({ fields, properties }) =>
    fields.redelivered ? countOf(properties.headers?.[REDELIVERIES]) + 1 : undefined,
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

/** Nothing is suspected, and nothing is counted. */
export function noSuspicion(): Suspicion {
  return NONE
}

function countOf(value: unknown): number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : 0
}
