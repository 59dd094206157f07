import { MAX_TIMER_MS } from '../../async/timing.js'
import type { ActiveDelivery } from '../../consuming/delivery/active-delivery.js'

/** A smaller difference is not reported: clocks always differ a little, and messages take time. */
const NOTABLE_MS = 1_000

/**
 * The time for which the client of a request waits, as far as the server can know it. A request contains how long that
 * was when it was sent (`leveret-timeout`, in milliseconds), and the end (`leveret-deadline`, in milliseconds since
 * 1970, by the client's clock).
 *
 * The time is counted from the arrival, because the clocks may differ. The wait in the queue before that is limited by
 * the message's expiration, and only the deadline tells how long it was. So the deadline only decides whether a request
 * still begins, and it is believed only if the broker does not contradict it: the broker delivers no expired message.
 */
interface RequestTime {
  /** The time from the arrival; `Infinity` when the request names none. */
  readonly allowedMs: number
  /** The time from the arrival until the client gives up, by the client's clock. */
  readonly claimedMs: number
  /** `claimedMs`, as far as it can be believed. */
  readonly believedMs: number
  /** The time since the arrival. */
  readonly heldMs: number
}

/** How long a request may be handled, from now; 0 when its client has given up, or when it has no `replyTo`. */
export function timeToHandleMs(delivery: ActiveDelivery): number {
  if (!delivery.message.properties.replyTo) return 0
  const { allowedMs, believedMs, heldMs } = timeOf(delivery)
  return heldMs < believedMs ? allowedMs - heldMs : 0
}

/** How long its reply is still useful. */
export function timeToAnswerMs(delivery: ActiveDelivery): number {
  const { allowedMs, heldMs } = timeOf(delivery)
  return allowedMs - heldMs
}

/** The lateness of an expired request. */
export interface Lateness {
  /** The time since its end. */
  readonly lateByMs: number
  /** The least difference between the clocks of the client and this machine; 0 when they may agree, within a second. */
  readonly clocksDifferByMs: number
}

/** Measures how late an expired request is. */
export function latenessOf(delivery: ActiveDelivery): Lateness {
  const { allowedMs, believedMs, claimedMs, heldMs } = timeOf(delivery)
  const gap = Math.round(Math.max(-claimedMs, claimedMs - allowedMs))
  return {
    lateByMs: Math.max(Math.round(heldMs - believedMs), 0),
    clocksDifferByMs: gap > NOTABLE_MS && Number.isFinite(gap) ? gap : 0,
  }
}

/** Reads the times of a request. They come from outside, so invalid values count as missing. */
function timeOf({ message, receivedAtMs }: ActiveDelivery): RequestTime {
  const { 'leveret-timeout': timeout, 'leveret-deadline': deadline } = message.properties.headers ?? {}
  const heldMs = performance.now() - receivedAtMs
  const isTime = typeof timeout === 'number' && timeout > 0 && timeout <= MAX_TIMER_MS
  const allowedMs = isTime ? timeout : Number.POSITIVE_INFINITY
  const claimedMs = typeof deadline === 'number' ? deadline - (Date.now() - heldMs) : Number.NaN
  return { allowedMs, claimedMs, believedMs: claimedMs > 0 ? Math.min(claimedMs, allowedMs) : allowedMs, heldMs }
}
