import { randomUUID } from 'node:crypto'
import { within } from '../../async/timing.js'
import { messageOf } from '../../errors/message-of.js'
import type { ToldDelivery } from '../delivery/role-events.js'
import type { Verdict } from '../delivery/verdict.js'

/**
 * Remembers which messages were handled, so that one that comes twice is handled once.
 *
 * One store serves all workers of a queue, in whatever process: a table or a Redis, for example. A key is the name of the queue,
 * a colon and the message id; it has at most 512 bytes or so. A token names the one attempt that has the key: 36 ASCII characters,
 * new for each attempt. Each call is one atomic step of the store, because several workers call at once. Milliseconds are counted
 * by the store's own clock, from the moment of the call.
 *
 * In Redis 7 a key's value is a token, or `done`:
 *
 * | call | commands |
 * | --- | --- |
 * | `begin` | `SET key token NX PX leaseMs GET`: nothing came back, or the token itself: `new`; `done`: `done`; else `in-progress` |
 * | `done` | a script: when `GET key` is the token or nothing, `SET key done PX ttlMs` |
 * | `giveUp` | a script: when `GET key` is the token, `DEL key` |
 */
export interface DeduplicationStore {
  /**
   * Takes a key for a token. It counts within `handlerTimeoutMs`. A rejection fails the attempt before its handler has begun, and
   * so does any other answer than these three; the key is given up then, because it may have been taken all the same.
   *
   * @param leaseMs - after this long a key that is neither `done` nor given up is free again: whoever took it has died
   * @returns `new` when the key was free, or was taken under this token before, so that a lost answer can be asked for again;
   *   `in-progress` while another token has it; `done` when its work has been done and is still remembered
   */
  begin(key: string, token: string, leaseMs: number): PromiseLike<'new' | 'in-progress' | 'done'>
  /**
   * Remembers for `ttlMs` that the work of a key is done. It counts when the token has the key, or nobody does because the lease
   * is over; it changes nothing when another token has it.
   *
   * A rejection, or no answer within 5 s, is reported as `delivery.not-remembered`. The delivery is acknowledged all the same.
   */
  done(key: string, token: string, ttlMs: number): PromiseLike<void>
  /**
   * Frees a key whose work has failed. It counts when the token has the key; it changes nothing when another token has it, nobody
   * does, or its work is done.
   *
   * A rejection, or no answer within 5 s, is reported as `delivery.not-remembered`. The key is then free when its lease is over.
   */
  giveUp(key: string, token: string): PromiseLike<void>
}

/** A delivery that is to be handled, and the key that its attempt has taken. */
export interface Taken {
  readonly do: 'handle'
  readonly delivery: ToldDelivery
  /** `undefined` when the message has no id: then it is always new. */
  readonly key: string | undefined
  readonly token: string
}

/** What an attempt begins with: a key of its own, or the verdict on a duplicate. */
export type Begun = Taken | Verdict

/** Keeps what was done from being done again. */
export class Deduplicator {
  readonly #options: DeduplicatorOptions
  readonly #leaseMs: number

  constructor(options: DeduplicatorOptions) {
    this.#options = options
    this.#leaseMs = options.handlerTimeoutMs + LEASE_MARGIN_MS
  }

  /** Takes the key of a delivery. Rejects with what fails the attempt. A key that is taken too late is to be ended at once. */
  async begin(delivery: ToldDelivery): Promise<Begun> {
    const { store, queue } = this.#options
    const { messageId } = delivery
    const key = messageId ? `${queue}:${messageId}` : undefined
    const taken: Taken = { do: 'handle', delivery, key, token: randomUUID() }
    if (key === undefined) return taken
    try {
      const state: unknown = await store.begin(key, taken.token, this.#leaseMs)
      if (state === 'new') return taken
      if (state === 'done') return DUPLICATE
      if (state === 'in-progress') return POSTPONED
      throw new TypeError(`the deduplication store's begin: expected 'new', 'in-progress' or 'done'`)
    } catch (error) {
      // The store may have taken the key before it failed.
      void this.end(taken, undefined)
      const why = `the deduplication store's begin failed, so the handler did not begin: ${messageOf(error)}`
      throw new Error(why, { cause: error })
    }
  }

  /**
   * Marks a key as done when its delivery is to be acknowledged, and gives it up otherwise. Never rejects, and takes 5 s at most:
   * what has been done is not done again because it could not be written down.
   */
  async end({ key, token, delivery }: Taken, verdict: Verdict | undefined): Promise<void> {
    if (key === undefined) return
    const { store, ttlMs, failed } = this.#options
    const call = verdict?.do === 'ack' ? 'done' : 'giveUp'
    const calling = (async () => await (call === 'done' ? store.done(key, token, ttlMs) : store.giveUp(key, token)))()
    const late = (): Error => new Error(`the deduplication store's ${call} had no answer within ${END_TIMEOUT_MS} ms`)
    await within(END_TIMEOUT_MS, calling, late).catch((error: unknown) => failed(delivery, error))
  }
}

/** Options of {@link Deduplicator}. */
export interface DeduplicatorOptions {
  readonly store: DeduplicationStore
  readonly ttlMs: number
  readonly handlerTimeoutMs: number
  /** The same id may be used on two queues. */
  readonly queue: string
  failed(delivery: ToldDelivery, error: unknown): void
}

/** How long the store may take when an attempt has ended. */
const END_TIMEOUT_MS = 5_000
/** What a lease adds to the time of a handler: its second of grace, and the time that the store may take at its end. */
const LEASE_MARGIN_MS = 10_000
/** Another attempt has the key. Its lease ends if its process dies, so the delivery asks again. */
const POSTPONED: Verdict = { do: 'postpone', afterMs: 5_000 }
const DUPLICATE: Verdict = { do: 'skip' }
