/** A smaller difference is not reported: clocks always differ a little, and messages take time. */
const NOTABLE_MS = 1_000
/** A second in the year 5138. Other programs write milliseconds, which are larger numbers. */
const LAST_SECOND = 1e11

/**
 * The difference between the clock of a server and this one, as replies show it. It explains why a server treats
 * requests as expired.
 */
export class ClockGap {
  /**
   * The least time by which the server's clock is ahead; below 0 when it is behind; 0 when the clocks may agree, within
   * a second.
   */
  #aheadMs = 0

  /**
   * Reads the clock of a server from a reply.
   *
   * @param timestamp - the time at which the reply was written, in whole seconds since 1970, by the server's clock
   * @param waitedMs - the time since the request was written; the reply was written during that time
   */
  seen(timestamp: unknown, waitedMs: number): void {
    if (typeof timestamp !== 'number' || timestamp > LAST_SECOND) return
    const now = Date.now()
    const earliest = timestamp * 1_000
    const aheadMs = earliest - now
    const behindMs = now - waitedMs - (earliest + 1_000)
    this.#aheadMs = Math.max(aheadMs, behindMs) < NOTABLE_MS ? 0 : aheadMs > 0 ? aheadMs : -behindMs
  }

  /** A sentence about the difference, if there is one. */
  get why(): string | undefined {
    if (this.#aheadMs === 0) return undefined
    const seconds = Math.round(Math.abs(this.#aheadMs) / 1_000)
    const how = this.#aheadMs > 0 ? 'ahead of' : 'behind'
    return `the clock of a server is ${seconds} s ${how} this machine's clock, so the server may have measured the time limit differently`
  }
}
