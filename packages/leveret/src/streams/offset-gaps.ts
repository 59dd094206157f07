import type { StreamProbe } from './stream-probe.js'

/**
 * Finds out why offsets are missing between two deliveries. Some belong to the broker's own entries. Others were
 * removed by retention while a slow reader was behind; RabbitMQ does not report that, and continues with the oldest
 * message it has.
 */
export class OffsetGaps {
  readonly #probe: Pick<StreamProbe, 'first'>
  readonly #truncated: (jump: OffsetGap) => void
  readonly #end = new AbortController()
  readonly #unexplained: OffsetGap[] = []
  #asking = false

  /** @param truncated - called for offsets that may have been messages, and that the stream has no longer */
  constructor(probe: Pick<StreamProbe, 'first'>, truncated: (jump: OffsetGap) => void) {
    this.#probe = probe
    this.#truncated = truncated
  }

  note(jump: OffsetGap): void {
    this.#unexplained.push(jump)
    void this.explain()
  }

  /** Looks for the cause of gaps that are not explained yet. Never rejects: without an answer they stay unexplained. */
  async explain(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    try {
      while (this.#unexplained.length > 0) {
        const count = this.#unexplained.length
        const first = (await this.#probe.first('first', 0, this.#end.signal)) ?? 0
        for (const jump of this.#unexplained.splice(0, count)) if (jump.from < first) this.#truncated(jump)
      }
    } catch {
      // Most probably the connection was lost. The next connection asks again.
    } finally {
      this.#asking = false
    }
  }

  close(): void {
    this.#end.abort(new Error('closed'))
  }
}

/** Offsets that a reader did not get, between offsets that it got. */
export interface OffsetGap {
  readonly from: number
  readonly to: number
}
