import { randomUUID } from 'node:crypto'
import { within } from '../../async/timing.js'
import { messageOf } from '../../errors/message-of.js'
import type { ReportedDelivery } from '../delivery/role-events.js'
import type { Verdict } from '../delivery/verdict.js'

/** Keeps a message from being handled twice. */
export class Deduplicator {
  readonly #options: DeduplicatorOptions
  readonly #leaseMs: number

  constructor(options: DeduplicatorOptions) {
    this.#options = options
    this.#leaseMs = options.handlerTimeoutMs + LEASE_MARGIN_MS
  }

  /**
   * Takes the key of a delivery. Rejects with the error that fails the attempt. If the key is taken after the attempt
   * has ended, the caller gives it up at once.
   */
  async begin(delivery: ReportedDelivery): Promise<Begun> {
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
   * Marks a key as done if its delivery is to be acknowledged, and gives it up otherwise. Never rejects, and takes 5 s
   * at most: a finished message is not handled again only because the store failed.
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

/**
 * Remembers which messages were handled, so that a message that comes twice is handled once.
 *
 * One store serves all workers of a queue, in all processes: a table or a Redis, for example. A key is the name of the
 * queue, a colon and the message id, of some 512 bytes at most. A token identifies the attempt that has taken the key:
 * 36 ASCII characters, new for each attempt. Each call must be one atomic step, because several workers call at once.
 * Milliseconds are counted by the store's own clock, from the moment of the call.
 *
 * In Redis 7 a key's value is a token, or `done`:
 *
 * | call | commands |
 * | --- | --- |
 * | `begin` | `SET key token NX PX leaseMs GET`: nothing or the token: `new`; `done`: `done`; else `in-progress` |
 * | `done` | a script: if `GET key` is the token or nothing, `SET key done PX ttlMs` |
 * | `giveUp` | a script: if `GET key` is the token, `DEL key` |
 */
export interface DeduplicationStore {
  /**
   * Takes a key for a token. Its time counts towards `handlerTimeoutMs`. A rejection fails the attempt before its
   * handler has begun, and so does any answer other than these three. The key is then given up, because the store may
   * have taken it.
   *
   * @param leaseMs - the time after which a key that is neither `done` nor given up is free again, because its process
   *   has died
   * @returns `new` when the key was free, or when this token already has it, so that a call whose answer was lost can
   *   be repeated; `in-progress` while another token has it; `done` when its work is done and still remembered
   */
  begin(key: string, token: string, leaseMs: number): PromiseLike<'new' | 'in-progress' | 'done'>
  /**
   * Remembers for `ttlMs` that the work of a key is done. It takes effect if the token has the key, or if no token has
   * it because the lease is over. It changes nothing if another token has the key.
   *
   * A rejection, or no answer within 5 s, causes the event `delivery.not-remembered`. The delivery is acknowledged all
   * the same.
   */
  done(key: string, token: string, ttlMs: number): PromiseLike<void>
  /**
   * Frees a key whose work has failed. It takes effect if the token has the key. It changes nothing if another token or
   * no token has it, or if its work is done.
   *
   * A rejection, or no answer within 5 s, causes the event `delivery.not-remembered`. The key is then free when its
   * lease ends.
   */
  giveUp(key: string, token: string): PromiseLike<void>
}

/** A delivery that is to be handled, and the key that its attempt has taken. */
export interface Taken {
  readonly do: 'handle'
  readonly delivery: ReportedDelivery
  /** `undefined` when the message has no id: it then counts as new. */
  readonly key: string | undefined
  readonly token: string
}

/** The start of an attempt: a key of its own, or the verdict on a duplicate. */
export type Begun = Taken | Verdict

/** Options of {@link Deduplicator}. */
export interface DeduplicatorOptions {
  readonly store: DeduplicationStore
  readonly ttlMs: number
  readonly handlerTimeoutMs: number
  /** A part of each key, because two queues may hold messages of the same id. */
  readonly queue: string
  failed(delivery: ReportedDelivery, error: unknown): void
}

/** How long the store may take when an attempt has ended. */
const END_TIMEOUT_MS = 5_000
/**
 * The part of a lease beyond the time of a handler: its second of grace, and the time that the store may take at its
 * end.
 */
const LEASE_MARGIN_MS = 10_000
/** Another attempt has the key. Its lease ends if its process dies, so the delivery asks again. */
const POSTPONED: Verdict = { do: 'postpone', afterMs: 5_000 }
const DUPLICATE: Verdict = { do: 'skip' }
