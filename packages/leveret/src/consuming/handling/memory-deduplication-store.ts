import { z } from 'zod'
import { parseOptions } from '../../options.js'
import type { DeduplicationStore } from './deduplication.js'

/** Options of the store in memory. */
export interface MemoryStoreOptions {
  /**
   * The most keys to remember of work that is done, from 1. Above it the oldest are forgotten, whether or not their time is up; a message that
   * comes again after that is handled again. @defaultValue 100_000
   */
  readonly maxKeys?: number | undefined
}

/** Checks {@link MemoryStoreOptions}. */
export const memoryStoreOptions = z.strictObject({ maxKeys: z.int().min(1).default(100_000) })

interface Entry {
  readonly token: string
  readonly untilMs: number
}

/** Remembers in this process: enough where one process works on a queue, and gone when it ends. */
export class MemoryDeduplicationStore implements DeduplicationStore {
  readonly #maxKeys: number
  /** The keys that are being worked on, as many as there are attempts: those taken last come last. */
  readonly #taken = new Map<string, Entry>()
  /** The keys whose work is done: those done last come last. */
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

/** By a clock that never jumps, unlike the machine's. */
function inMs(ms: number): number {
  return performance.now() + ms
}

function isValid(entry: Entry | undefined): entry is Entry {
  return entry !== undefined && entry.untilMs > performance.now()
}

/** As the last one. */
function write(entries: Map<string, Entry>, key: string, entry: Entry): void {
  entries.delete(key)
  entries.set(key, entry)
}

/** Drops the oldest ones whose time is up, and those above the limit. */
function forget(entries: Map<string, Entry>, limit: number): void {
  for (const [oldest, entry] of entries) {
    if (entries.size <= limit && isValid(entry)) break
    entries.delete(oldest)
  }
}
