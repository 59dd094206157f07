import { z } from 'zod'
import { parseOptions } from '../../options.js'
import type { DeduplicationStore } from './deduplication.js'

/** A deduplication store in memory. Enough where one process works on a queue; its content is lost with the process. */
export class MemoryDeduplicationStore implements DeduplicationStore {
  readonly #maxKeys: number
  /** The keys that are being handled, as many as there are attempts; those taken last come last. */
  readonly #taken = new Map<string, Entry>()
  /** The keys whose work is done; those done last come last. */
  readonly #done = new Map<string, Entry>()

  /** @throws {@link OptionsError} */
  constructor(options: MemoryStoreOptions = {}) {
    this.#maxKeys = parseOptions(memoryStoreOptions, options, 'MemoryDeduplicationStore').maxKeys
  }

  async begin(key: string, token: string, leaseMs: number): Promise<'new' | 'in-progress' | 'done'> {
    if (isValid(this.#done.get(key))) return 'done'
    const entry = this.#taken.get(key)
    if (isValid(entry) && entry.token !== token) return 'in-progress'
    write(this.#taken, key, { token, untilMs: inMs(leaseMs) })
    forget(this.#taken, Number.POSITIVE_INFINITY)
    return 'new'
  }

  async done(key: string, token: string, ttlMs: number): Promise<void> {
    const entry = this.#taken.get(key)
    if (isValid(entry) && entry.token !== token) return
    this.#taken.delete(key)
    write(this.#done, key, { token, untilMs: inMs(ttlMs) })
    forget(this.#done, this.#maxKeys)
  }

  async giveUp(key: string, token: string): Promise<void> {
    if (this.#taken.get(key)?.token === token) this.#taken.delete(key)
  }
}

/** Options of {@link MemoryDeduplicationStore}. */
export interface MemoryStoreOptions {
  /**
   * The most keys of finished work to remember, from 1. Above it the oldest are forgotten, even if their time is not
   * up. A message that comes again after that is handled again. @defaultValue 100_000
   */
  readonly maxKeys?: number | undefined
}

/** Checks {@link MemoryStoreOptions}. */
export const memoryStoreOptions = z.strictObject({ maxKeys: z.int().min(1).default(100_000) })

interface Entry {
  readonly token: string
  readonly untilMs: number
}

/** A time by the monotonic clock, which never jumps as the system clock may. */
function inMs(ms: number): number {
  return performance.now() + ms
}

function isValid(entry: Entry | undefined): entry is Entry {
  return entry !== undefined && entry.untilMs > performance.now()
}

/** Writes an entry as the last one. */
function write(entries: Map<string, Entry>, key: string, entry: Entry): void {
  entries.delete(key)
  entries.set(key, entry)
}

/** Removes the oldest entries that are no longer valid, and those above the limit. */
function forget(entries: Map<string, Entry>, limit: number): void {
  for (const [oldest, entry] of entries) {
    if (entries.size <= limit && isValid(entry)) break
    entries.delete(oldest)
  }
}
