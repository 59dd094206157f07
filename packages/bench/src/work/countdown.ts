import type { Stopwatch } from '../stopwatch.js'
import { Tally } from '../tally.js'

/** Counts messages that end, and measures the time from the first begin to the last end. */
export class Countdown {
  readonly done: Promise<void>
  readonly #watch: Stopwatch
  readonly #tally: Tally
  #isRunning = false

  constructor(messages: number, watch: Stopwatch) {
    this.#watch = watch
    this.#tally = new Tally(messages)
    this.done = this.#stop()
  }

  /** Starts the watch at the first call. */
  begun(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    this.#watch.start()
  }

  delivered(): void {
    this.begun()
    this.#tally.count()
  }

  async #stop(): Promise<void> {
    await this.#tally.done
    // The last ack is written in this turn of the event loop. Some clients write it before the count, and some after
    // it.
    await new Promise(setImmediate)
    this.#watch.stop()
  }
}
