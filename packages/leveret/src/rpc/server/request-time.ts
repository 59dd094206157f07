import { MAX_TIMER_MS } from '../../async/timing.js'
import type { ActiveDelivery } from '../../consuming/delivery/active-delivery.js'

/** What clocks differ by all the time, and what a message takes on its way. */
const NOTABLE_MS = 1_000

/**
 * How long the client of a request waits, as the server can know it. A request says how long that was when it was sent
 * (`leveret-timeout`, in milliseconds) and until when (`leveret-deadline`, in milliseconds since 1970, by its client's clock).
 *
 * The time is counted from the arrival, because the clocks may differ. What the request has waited in its queue before is bounded
 * by its expiration, and known by the deadline alone: that decides what is not begun any more, and nothing else, and it is
 * believed only where the broker does not contradict it. The broker delivers nothing that has expired.
 */
interface RequestTime {
  /** How long from its arrival; `Infinity` when it says nothing. */
  readonly allowedMs: number
  /** Until its client gives up, from its arrival, by the client's clock. */
  readonly claimedMs: number
  /** The same as far as it can be believed. */
  readonly believedMs: number
  /** Since its arrival. */
  readonly heldMs: number
}

/** How long a request that is to begin may take; not at all where its client has gone, or does not say where to answer. */
export function timeToHandleMs(delivery: ActiveDelivery): number {
  if (!delivery.message.properties.replyTo) return 0
  const { allowedMs, believedMs, heldMs } = timeOf(delivery)
  return heldMs < believedMs ? allowedMs - heldMs : 0
}

/** How long its answer is worth sending. */
export function timeToAnswerMs(delivery: ActiveDelivery): number {
  const { allowedMs, heldMs } = timeOf(delivery)
  return allowedMs - heldMs
}

/** How a request expired. */
export interface Lateness {
  /** How long ago its time was up. */
  readonly lateByMs: number
  /** By how much the clocks of the client and of this machine differ at least; 0 when they may agree, within a second. */
  readonly clocksDifferByMs: number
}

/** For a request that has expired here. */
export function latenessOf(delivery: ActiveDelivery): Lateness {
  const { allowedMs, believedMs, claimedMs, heldMs } = timeOf(delivery)
  const gap = Math.round(Math.max(-claimedMs, claimedMs - allowedMs))
  return {
    lateByMs: Math.max(Math.round(heldMs - believedMs), 0),
    clocksDifferByMs: gap > NOTABLE_MS && Number.isFinite(gap) ? gap : 0,
  }
}

/** From outside: what is no time is none. */
function timeOf({ message, receivedAtMs }: ActiveDelivery): RequestTime {
  const { 'leveret-timeout': timeout, 'leveret-deadline': deadline } = message.properties.headers ?? {}
  const heldMs = performance.now() - receivedAtMs
  const isTime = typeof timeout === 'number' && timeout > 0 && timeout <= MAX_TIMER_MS
  const allowedMs = isTime ? timeout : Number.POSITIVE_INFINITY
  const claimedMs = typeof deadline === 'number' ? deadline - (Date.now() - heldMs) : Number.NaN
  return { allowedMs, claimedMs, believedMs: claimedMs > 0 ? Math.min(claimedMs, allowedMs) : allowedMs, heldMs }
}
