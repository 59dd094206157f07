import { z } from 'zod'
import { parseOptions } from '../options.js'
import type { DeduplicationStore } from './deduplication.js'

const memoryStoreOptions = z.strictObject({
  /** Above this the oldest are forgotten, whether or not their time is up. @defaultValue 100_000 */
  maxKeys: z.int().min(1).default(100_000),
})

/** Options of the store in memory. */
export type MemoryStoreOptions = z.input<typeof memoryStoreOptions>

interface Entry {
  readonly state: 'in-progress' | 'done'
  readonly untilMs: number
}

/** Remembers in this process: enough where one process works on a queue, and gone when it ends. */
export class MemoryDeduplicationStore implements DeduplicationStore {
  readonly #maxKeys: number
  /** Those written last come last. */
  readonly #entries = new Map<string, Entry>()

  /** @throws {@link OptionsError} */
  constructor(options: MemoryStoreOptions = {}) {
    this.#maxKeys = parseOptions(memoryStoreOptions, options, 'MemoryDeduplicationStore').maxKeys
  }

  async begin(key: string, leaseMs: number): Promise<'new' | 'in-progress' | 'done'> {
    const entry = this.#entries.get(key)
    if (entry !== undefined && entry.untilMs > Date.now()) return entry.state
    this.#write(key, 'in-progress', leaseMs)
    return 'new'
  }

  async done(key: string, ttlMs: number): Promise<void> {
    this.#write(key, 'done', ttlMs)
  }

  async giveUp(key: string): Promise<void> {
    this.#entries.delete(key)
  }

  #write(key: string, state: Entry['state'], forMs: number): void {
    this.#entries.delete(key)
    this.#entries.set(key, { state, untilMs: Date.now() + forMs })
    for (const [oldest, { untilMs }] of this.#entries) {
      if (this.#entries.size <= this.#maxKeys && untilMs > Date.now()) break
      this.#entries.delete(oldest)
    }
  }
}
