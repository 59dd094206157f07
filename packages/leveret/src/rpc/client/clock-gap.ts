/** What clocks differ by all the time, and what a message takes on its way. */
const NOTABLE_MS = 1_000
/** In the year 5138. Other programs write milliseconds, which look later than that. */
const LAST_SECOND = 1e11

/** The clock of a server, as its replies show it. It tells why a server may take a request for expired. */
export class ClockGap {
  /** How far it is ahead of this machine's at least; below 0 when it is behind; 0 when they may agree, within a second. */
  #aheadMs = 0

  /**
   * A reply has come.
   *
   * @param timestamp - when it was written, in whole seconds since 1970 by the server's clock
   * @param waitedMs - since its request was written: the reply was written between then and now
   */
  seen(timestamp: unknown, waitedMs: number): void {
    if (typeof timestamp !== 'number' || timestamp > LAST_SECOND) return
    const now = Date.now()
    const earliest = timestamp * 1_000
    const aheadMs = earliest - now
    const behindMs = now - waitedMs - (earliest + 1_000)
    this.#aheadMs = Math.max(aheadMs, behindMs) < NOTABLE_MS ? 0 : aheadMs > 0 ? aheadMs : -behindMs
  }

  /** A sentence, where the clocks differ. */
  get why(): string | undefined {
    if (this.#aheadMs === 0) return undefined
    const seconds = Math.round(Math.abs(this.#aheadMs) / 1_000)
    const how = this.#aheadMs > 0 ? 'ahead of' : 'behind'
    return `the clock of a server is ${seconds} s ${how} this machine's, so it may have counted the time otherwise`
  }
}
