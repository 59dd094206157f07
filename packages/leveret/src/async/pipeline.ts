import { setImmediate as nextTurn } from 'node:timers/promises'
import { isThenable } from './maybe-promise.js'
import { onAbort } from './on-abort.js'

/** A source that is always ready gives the event loop a turn this often. */
const TURN_MS = 10

/** One item of a pipeline that failed. */
export interface PipelineFailure<T> {
  /** From 0, in the order of the source. */
  readonly index: number
  readonly item: T
  readonly error: unknown
}

/** How a pipeline ended. */
export interface PipelineResult {
  readonly succeeded: number
  readonly failed: number
}

/** How to run a pipeline. */
export interface PipelineOptions<T> {
  /** How much is begun and not ended. */
  readonly limit: number
  work(item: T): Promise<unknown>
  /** Resolves when the next may be begun; `undefined` where it may at once. */
  whenReady(): Promise<void> | undefined
  /** Gets every failure, and the pipeline goes on. Without it the first failure ends the pipeline. */
  readonly onFailure?: ((failure: PipelineFailure<T>) => void) | undefined
  /** Each ends it when aborted, with its reason. */
  readonly signals: readonly AbortSignal[]
}

/**
 * Runs `work` over a source, taking the next item only when it may be begun. A source that keeps it waiting is left as soon
 * as the pipeline is to end; its `return` is called, and not waited for.
 *
 * @throws the first failure, a signal's reason, or what the source threw, when everything already begun has ended
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

/** One pipeline on its way. */
class Run<T> {
  readonly #options: PipelineOptions<T>
  readonly #callOffs: readonly (() => void)[]
  /** Why nothing more is begun. */
  #end: { readonly reason: unknown } | undefined
  #begun = 0
  #succeeded = 0
  #failed = 0
  /** Wakes whoever waits for a change, or for the end. */
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

  /** Resolves when all that was begun has ended. */
  async whenEnded(): Promise<void> {
    while (this.#begun > 0) await this.#change()
    for (const callOff of this.#callOffs) callOff()
  }

  /** @throws why it ended early */
  result(): PipelineResult {
    if (this.#end !== undefined) throw this.#end.reason
    return { succeeded: this.#succeeded, failed: this.#failed }
  }

  /** A source that is not asynchronous may hold promises, and does not know when one is rejected. */
  async #itemOf(promised: PromiseLike<T>, iterator: Iterator<T> | AsyncIterator<T>): Promise<T | undefined> {
    try {
      return await this.#orEnd(promised)
    } catch (error) {
      leave(iterator)
      throw error
    }
  }

  /** @returns `undefined` when the next one may begin at once; else resolves when it may, or none may any more */
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
      await this.#tell({ index, item, error })
    } finally {
      this.#begun -= 1
      this.#wake?.()
    }
  }

  async #tell(failure: PipelineFailure<T>): Promise<void> {
    const { onFailure } = this.#options
    try {
      if (onFailure === undefined) this.#endFor(failure.error)
      else await onFailure(failure)
    } catch (error) {
      this.#endFor(error)
    }
  }

  /** Only the first reason counts. */
  #endFor(reason: unknown): void {
    this.#end ??= { reason }
    this.#wake?.()
  }

  /** One waits at a time. @returns `undefined` when the pipeline is to end before that */
  async #orEnd<V>(work: PromiseLike<V>): Promise<V | undefined> {
    // Not a race: what is raced against for long keeps a callback for each time.
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

/** Tells a source that nobody goes on with it. It may be busy for long, and fail: nobody waits for that. */
function leave(iterator: Iterator<unknown> | AsyncIterator<unknown>): void {
  try {
    Promise.resolve(iterator.return?.()).catch(() => undefined)
  } catch {
    // A source that fails when it is left has nothing more to give.
  }
}
