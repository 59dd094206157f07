import { z } from 'zod'
import { handledHere } from '../async/handler-context.js'
import { inRootContext } from '../async/root-context.js'
import { MAX_TIMER_MS } from '../async/timing.js'
import { ClosedError } from '../errors/closed-error.js'
import { parseOptions } from '../options.js'
import { CloseTime } from './close-time.js'

/** Runs a close once, however often it is called. */
export class Closing {
  /** Whether a close has begun. */
  begun = false
  readonly #begun = new AbortController()
  #done: Promise<void> | undefined
  #time: CloseTime | undefined

  /** Aborted when the close begins. */
  get signal(): AbortSignal {
    return this.#begun.signal
  }

  /**
   * Begins the close, or returns the promise of the first call. A later call that gives less time ends the close
   * sooner. Inside a handler the promise does not wait for that handler, which may itself wait for the promise.
   *
   * @param othersEnded - resolves when all handlers have ended, except those that wait for a `close`. Omit it if there
   *   are no handlers
   * @throws {@link OptionsError} as a rejection; then nothing has begun
   */
  begin(
    options: CloseOptions | undefined,
    close: (timeoutMs: number, time: CloseTime) => Promise<void>,
    othersEnded?: () => Promise<void>,
  ): Promise<void> {
    try {
      const { timeoutMs } = parseOptions(closeOptions, options ?? {}, 'close')
      // The default is no wish: a second call without a time does not cut a first call with a long one short.
      if (options?.timeoutMs !== undefined) this.#time?.shorten(timeoutMs)
      this.#done ??= this.#begin(new CloseTime(timeoutMs), timeoutMs, close)
    } catch (error) {
      return Promise.reject(error)
    }
    const handled = othersEnded === undefined ? undefined : handledHere()
    if (handled === undefined || othersEnded === undefined) return this.#done
    handled.awaitsClose()
    return Promise.race([this.#done, othersEnded()])
  }

  #begin(
    time: CloseTime,
    timeoutMs: number,
    close: (timeoutMs: number, time: CloseTime) => Promise<void>,
  ): Promise<void> {
    this.#time = time
    this.begun = true
    this.#begun.abort(new ClosedError('The connection or role was closed'))
    return inRootContext(close, timeoutMs, time)
  }
}

/** Options of every `close`. */
export interface CloseOptions {
  /**
   * How long to wait for running work, in milliseconds, from 0 to 2,147,483,647. After that, the broker redelivers
   * messages whose handlers still run. Publishes without a confirm fail, as `unknown` if they were written. Keep it
   * below the grace period of the platform: Kubernetes kills after 30 s. If `close` is called again with a time that is
   * over sooner, that time counts.
   * @defaultValue 25_000
   */
  readonly timeoutMs?: number | undefined
}

/** Checks {@link CloseOptions}. */
export const closeOptions = z.strictObject({
  timeoutMs: z.int().min(0).max(MAX_TIMER_MS).default(25_000),
})
