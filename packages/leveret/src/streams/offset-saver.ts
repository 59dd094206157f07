import { setTimeout as sleepFor } from 'node:timers/promises'
import { atMost, within } from '../async/timing.js'
import { OffsetStoreError } from '../errors/offset-store-error.js'
import type { OffsetStore } from './offset-store.js'

/** Saves the offset that was noted last: one save at a time, and at most one in `everyMs`. */
export class OffsetSaver {
  readonly #options: OffsetSaverOptions
  #wanted: number | undefined
  #saved: number | undefined
  #due: NodeJS.Timeout | undefined
  #saving: Promise<void> | undefined
  #closed = false

  constructor(options: OffsetSaverOptions) {
    this.#options = options
  }

  note(offset: number): void {
    this.#wanted = offset
    this.#schedule(this.#options.everyMs)
  }

  /** Saves at once. Never rejects. */
  async flush(): Promise<void> {
    clearTimeout(this.#due)
    this.#due = undefined
    while (this.#saving !== undefined) await this.#saving
    if (this.#wanted !== undefined && this.#wanted !== this.#saved) await this.#begin(this.#wanted)
  }

  /** Saves the last offset, and retries failed saves while there is time. Saves nothing after that. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    this.#closed = true
    await atMost(timeoutMs, this.#saveLast(performance.now() + timeoutMs))
  }

  async #saveLast(deadlineMs: number): Promise<void> {
    await this.flush()
    while (this.#wanted !== this.#saved && performance.now() + CLOSING_PAUSE_MS < deadlineMs) {
      await sleepFor(CLOSING_PAUSE_MS)
      await this.flush()
    }
  }

  #schedule(afterMs: number): void {
    if (this.#closed || this.#due !== undefined || this.#saving !== undefined || this.#wanted === this.#saved) return
    this.#due = setTimeout(() => void this.flush(), afterMs).unref()
  }

  async #begin(offset: number): Promise<void> {
    this.#saving = this.#save(offset)
    await this.#saving
  }

  async #save(offset: number): Promise<void> {
    const { stream, store, everyMs, failed } = this.#options
    const late = (): Error => new Error(`no answer within ${STORE_TIMEOUT_MS} ms`)
    let pauseMs = everyMs
    try {
      await within(STORE_TIMEOUT_MS, Promise.resolve(store.save(offset)), late)
      this.#saved = offset
    } catch (error) {
      pauseMs = Math.max(everyMs, AFTER_FAILURE_MS)
      failed(offset, new OffsetStoreError('save', stream, error))
    } finally {
      this.#saving = undefined
      this.#schedule(pauseMs)
    }
  }
}

/** How long one call of a store may take. */
export const STORE_TIMEOUT_MS = 10_000
/** The least pause after a failed save. */
const AFTER_FAILURE_MS = 1_000
/** The pause between saves while closing. */
const CLOSING_PAUSE_MS = 250

/** Options of {@link OffsetSaver}. */
export interface OffsetSaverOptions {
  readonly stream: string
  readonly store: Pick<OffsetStore, 'save'>
  readonly everyMs: number
  failed(offset: number, error: OffsetStoreError): void
}
