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
  /** Gets every failure, and the pipeline goes on. Without it the first failure ends the pipeline. */
  readonly onFailure?: ((failure: PipelineFailure<T>) => void) | undefined
  /** Ends it when aborted. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `work` over a source, taking the next item only when there is room for it.
 *
 * @throws the first failure, the signal's reason, or what the source threw, when everything already begun has ended
 */
export async function pipeline<T>(
  source: Iterable<T> | AsyncIterable<T>,
  { limit, work, onFailure, signal }: PipelineOptions<T>,
): Promise<PipelineResult> {
  const slots = new Slots(limit)
  const counts = { succeeded: 0, failed: 0 }
  let first: { error: unknown } | undefined
  const fail = (error: unknown): void => {
    first ??= { error }
  }
  const run = async (item: T, index: number): Promise<void> => {
    try {
      await work(item)
      counts.succeeded += 1
    } catch (error) {
      counts.failed += 1
      if (onFailure === undefined) fail(error)
      else await onFailure({ index, item, error })
    }
  }
  try {
    let index = 0
    for await (const item of source) {
      await slots.whenFree()
      if (first !== undefined || signal?.aborted) break
      slots.take()
      void run(item, index)
        .catch(fail)
        .finally(() => slots.giveBack())
      index += 1
    }
  } finally {
    await slots.allFree()
  }
  signal?.throwIfAborted()
  if (first !== undefined) throw first.error
  return counts
}

/** Counts what runs; one waits for a slot, and in the end one waits for all of them. */
class Slots {
  readonly #limit: number
  #taken = 0
  #wake: (() => void) | undefined

  constructor(limit: number) {
    this.#limit = limit
  }

  async whenFree(): Promise<void> {
    while (this.#taken >= this.#limit) await this.#change()
  }

  take(): void {
    this.#taken += 1
  }

  giveBack(): void {
    this.#taken -= 1
    this.#wake?.()
  }

  async allFree(): Promise<void> {
    while (this.#taken > 0) await this.#change()
  }

  async #change(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
  }
}
