import { z } from 'zod'
import { MAX_TIMER_MS, parseOptions } from '../options.js'
import { inRootContext } from '../root-context.js'

/** Options of every `close`. */
export const closeOptions = z.strictObject({
  /** How long to wait for what is in hand. @defaultValue 25_000, because Kubernetes kills after 30 s */
  timeoutMs: z.int().min(0).max(MAX_TIMER_MS).default(25_000),
})

/** Options of every `close`. */
export type CloseOptions = z.input<typeof closeOptions>

/** What is closed once, however often it is asked. */
export class Closing {
  #begun = false
  #done: Promise<void> | undefined

  get begun(): boolean {
    return this.#begun
  }

  /**
   * Begins, or returns the promise of the call that began.
   *
   * @throws {@link OptionsError} as a rejection; then nothing has begun
   */
  begin(options: CloseOptions | undefined, close: (timeoutMs: number) => Promise<void>): Promise<void> {
    if (this.#done !== undefined) return this.#done
    try {
      const { timeoutMs } = parseOptions(closeOptions, options ?? {}, 'close')
      this.#begun = true
      this.#done = inRootContext(close, timeoutMs)
      return this.#done
    } catch (error) {
      return Promise.reject(error)
    }
  }
}
