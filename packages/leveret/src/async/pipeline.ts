import { setImmediate as nextTurn } from 'node:timers/promises'
import { isThenable } from './maybe-promise.js'
import { onAbort } from './on-abort.js'

/** How long a source that is always ready may run before the event loop gets a turn. */
const TURN_MS = 10

/** One item of a pipeline that failed. */
export interface PipelineFailure<T> {
  /** Position in the source, from 0. */
  readonly index: number
  readonly item: T
  readonly error: unknown
}

/** The result of a pipeline that ran to the end of its source. */
export interface PipelineResult {
  readonly succeeded: number
  readonly failed: number
}

/** Options of {@link pipeline}. */
export interface PipelineOptions<T> {
  /** The most items in work at once. */
  readonly limit: number
  work(item: T): Promise<unknown>
  /** Resolves when the next item may begin; `undefined` if it may begin at once. */
  whenReady(): Promise<void> | undefined
  /** Receives every failure; the pipeline continues. Without it the first failure ends the pipeline. */
  readonly onFailure?: ((failure: PipelineFailure<T>) => void) | undefined
  /** Signals that end the pipeline when aborted, each with its reason. */
  readonly signals: readonly AbortSignal[]
}

/**
 * Runs `work` over a source, and takes the next item only when it may begin.
 *
 * When the pipeline ends early, it stops waiting for the source. It calls the source's `return`, but does not wait for
 * it.
 *
 * @throws the first failure, a signal's reason, or what the source threw, once every item in work has ended
 */
export async function pipeline<T>(
  source: Iterable<T> | AsyncIterable<T>,
  options: PipelineOptions<T>,
): Promise<PipelineResult> {
  const run = new Run(options)
  try {
    await run.through(source)
  } finally {
    await run.whenEnded()
  }
  return run.result()
}

/** One run of a pipeline. */
class Run<T> {
  readonly #options: PipelineOptions<T>
  readonly #callOffs: readonly (() => void)[]
  /** The reason to begin no more items. */
  #end: { readonly reason: unknown } | undefined
  #begun = 0
  #succeeded = 0
  #failed = 0
  /** Wakes the code that waits for a change, or for the end. */
  #wake: (() => void) | undefined
  #turnAt = performance.now()

  constructor(options: PipelineOptions<T>) {
    this.#options = options
    this.#callOffs = options.signals.map((each) => onAbort(each, () => this.#endFor(each.reason)))
    for (const each of options.signals) if (each.aborted) this.#endFor(each.reason)
  }

  async through(source: Iterable<T> | AsyncIterable<T>): Promise<void> {
    const iterator = iteratorOf(source)
    for (let index = 0; ; index += 1) {
      const wait = this.#untilNext()
      if (wait !== undefined) await wait
      if (this.#end !== undefined) break
      const step = iterator.next()
      const next = isThenable(step) ? await this.#orEnd(step) : step
      if (next === undefined) break
      if (next.done === true) return
      const item = isThenable(next.value) ? await this.#itemOf(next.value as PromiseLike<T>, iterator) : next.value
      if (this.#end !== undefined) break
      void this.#run(item as T, index)
    }
    leave(iterator)
  }

  /** Resolves when every item in work has ended. */
  async whenEnded(): Promise<void> {
    while (this.#begun > 0) await this.#change()
    for (const callOff of this.#callOffs) callOff()
  }

  /** @throws the reason of an early end */
  result(): PipelineResult {
    if (this.#end !== undefined) throw this.#end.reason
    return { succeeded: this.#succeeded, failed: this.#failed }
  }

  /**
   * Awaits an item that is a promise. A synchronous source may hold promises, and does not learn that one was rejected.
   */
  async #itemOf(promised: PromiseLike<T>, iterator: Iterator<T> | AsyncIterator<T>): Promise<T | undefined> {
    try {
      return await this.#orEnd(promised)
    } catch (error) {
      leave(iterator)
      throw error
    }
  }

  /**
   * @returns `undefined` if the next item may begin at once; else a promise that resolves when it may, or when the
   *   pipeline ends
   */
  #untilNext(): Promise<unknown> | undefined {
    if (this.#end !== undefined) return undefined
    const { limit, whenReady } = this.#options
    if (this.#begun >= limit) return this.#untilRoom()
    const ready = whenReady()
    if (ready !== undefined) return this.#orEnd(ready)
    return performance.now() - this.#turnAt < TURN_MS ? undefined : this.#giveTurn()
  }

  async #untilRoom(): Promise<void> {
    while (this.#begun >= this.#options.limit && this.#end === undefined) await this.#change()
    await this.#untilNext()
  }

  async #giveTurn(): Promise<void> {
    await nextTurn()
    this.#turnAt = performance.now()
  }

  async #run(item: T, index: number): Promise<void> {
    this.#begun += 1
    try {
      await this.#options.work(item)
      this.#succeeded += 1
    } catch (error) {
      this.#failed += 1
      await this.#reportFailure({ index, item, error })
    } finally {
      this.#begun -= 1
      this.#wake?.()
    }
  }

  async #reportFailure(failure: PipelineFailure<T>): Promise<void> {
    const { onFailure } = this.#options
    try {
      if (onFailure === undefined) this.#endFor(failure.error)
      else await onFailure(failure)
    } catch (error) {
      this.#endFor(error)
    }
  }

  /** Ends the pipeline. Only the first reason counts. */
  #endFor(reason: unknown): void {
    this.#end ??= { reason }
    this.#wake?.()
  }

  /**
   * Waits for `work`, or for the end of the pipeline. Only one caller waits at a time.
   *
   * @returns `undefined` if the pipeline ends first
   */
  async #orEnd<V>(work: PromiseLike<V>): Promise<V | undefined> {
    // Promise.race would add a callback to `work` in each call, and a long-lived promise would keep all of them.
    return await new Promise<V | undefined>((resolve, reject) => {
      const look = (): void => {
        if (this.#end !== undefined) resolve(undefined)
      }
      this.#wake = look
      work.then(resolve, reject)
      look()
    })
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}

function iteratorOf<T>(source: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
}

/**
 * Tells a source that the pipeline takes no more items. The source may be busy for long, or fail: the pipeline ignores
 * both.
 */
function leave(iterator: Iterator<unknown> | AsyncIterator<unknown>): void {
  try {
    Promise.resolve(iterator.return?.()).catch(() => undefined)
  } catch {
    // A source that fails in `return` has nothing more to give.
  }
}
