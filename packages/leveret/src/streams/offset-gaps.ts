import type { StreamProbe } from './stream-probe.js'

/** Offsets that a reader did not get, though it got those before and behind. */
export interface Jump {
  readonly from: number
  readonly to: number
}

/**
 * Finds out what it means that offsets are missing. Some are the broker's own, and retention takes others from under a slow reader, over
 * which RabbitMQ says nothing: it goes on with the oldest it has.
 */
export class Jumps {
  readonly #probe: Pick<StreamProbe, 'first'>
  readonly #truncated: (jump: Jump) => void
  readonly #end = new AbortController()
  readonly #unexplained: Jump[] = []
  #asking = false

  /** @param truncated - these existed, perhaps, and do not any more */
  constructor(probe: Pick<StreamProbe, 'first'>, truncated: (jump: Jump) => void) {
    this.#probe = probe
    this.#truncated = truncated
  }

  note(jump: Jump): void {
    this.#unexplained.push(jump)
    void this.explain()
  }

  /** Asks about what is not explained yet. Never rejects: without an answer it stays so. */
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
      // The connection was lost, most likely. It is asked again on the next one.
    } finally {
      this.#asking = false
    }
  }

  close(): void {
    this.#end.abort(new Error('closed'))
  }
}
