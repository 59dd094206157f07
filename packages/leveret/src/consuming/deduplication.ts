import type { Delivery } from '../connection/delivery.js'
import type { Verdict } from './verdict.js'

/**
 * Remembers which messages were handled, so that one that comes twice is handled once.
 *
 * Share one store between all workers of a queue: a table or a Redis, for example. Keys are text of at most 512 bytes or so.
 * A call that rejects fails the attempt, except `done`: the work is done, so the delivery is acknowledged all the same.
 */
export interface DeduplicationStore {
  /**
   * Takes a key, atomically: of any number of callers only one gets `new`.
   *
   * @param leaseMs - after this a key that is neither `done` nor given up is `new` again: who took it has died
   * @returns `in-progress` when another caller has it, `done` when its work has been done
   */
  begin(key: string, leaseMs: number): Promise<'new' | 'in-progress' | 'done'>
  /** Its work is done; it is to be remembered for `ttlMs`. */
  done(key: string, ttlMs: number): Promise<void>
  /** Its work has failed: it is `new` for the next caller. */
  giveUp(key: string): Promise<void>
}

/** What a deduplicator is made of. */
export interface DeduplicatorOptions {
  readonly store: DeduplicationStore
  readonly ttlMs: number
  readonly leaseMs: number
  /** The same id may be used on two queues. */
  readonly queue: string
  failed(delivery: Delivery, error: unknown): void
}

/** Somebody else is at it. Should he die, his lease ends, so it is asked again. */
const POSTPONE_MS = 5_000
const POSTPONED: Verdict = { do: 'postpone', afterMs: POSTPONE_MS }
const DUPLICATE: Verdict = { do: 'skip' }

/** The delays that deliveries may need beside those of their contract. */
export function postponingDelaysMs({ deduplicate }: { readonly deduplicate?: object | undefined }): readonly number[] {
  return deduplicate === undefined ? [] : [POSTPONE_MS]
}

/** Keeps what was done from being done again. A message without an id is always new. */
export class Deduplicator {
  readonly #options: DeduplicatorOptions

  constructor(options: DeduplicatorOptions) {
    this.#options = options
  }

  /** @returns `undefined` when it is to be handled, else what is to be done with it */
  async begin(delivery: Delivery): Promise<Verdict | undefined> {
    const { store, leaseMs } = this.#options
    const key = this.#keyOf(delivery)
    if (key === undefined) return undefined
    const state = await store.begin(key, leaseMs)
    if (state === 'new') return undefined
    return state === 'done' ? DUPLICATE : POSTPONED
  }

  /** What began has ended. Never rejects: what has been done is not to be done again because it could not be written down. */
  async end(delivery: Delivery, verdict: Verdict | undefined): Promise<void> {
    const { store, ttlMs, failed } = this.#options
    const key = this.#keyOf(delivery)
    if (key === undefined) return
    try {
      await (verdict?.do === 'ack' ? store.done(key, ttlMs) : store.giveUp(key))
    } catch (error) {
      failed(delivery, error)
    }
  }

  #keyOf({ messageId }: Delivery): string | undefined {
    return messageId ? `${this.#options.queue}:${messageId}` : undefined
  }
}
