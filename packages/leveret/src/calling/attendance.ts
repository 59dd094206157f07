import type { Lane } from '../connection/lane.js'
import { BrokerError } from '../errors.js'
import type { AbsenceReason } from '../rpc-errors.js'

/** Calls that have waited this long make it worth a look, and so often. */
const LOOK_EVERY_MS = 1_000
/** The first look comes sooner, so that what was sent just before it is known to have found nobody. */
const FIRST_LOOK_MS = 100
/** A look is scheduled when the call has just been written. */
const MOMENT_MS = 20
/** Who has just lost his connection, or answers a moment late for his queue, is not absent yet: he is back within a second. */
const LOOK_AGAIN_MS = 1_000

/** Nobody was there, twice in a row. */
export interface Absence {
  readonly reason: AbsenceReason
  /** Nobody has been there since this time of `performance.now()`; `-Infinity` where the queue is gone, with all that was in it. */
  readonly since: number
  /** Concerns what was sent before. */
  readonly before: number
}

/** Who looks, and what follows. */
export interface AttendanceOptions {
  readonly lane: Lane
  readonly queue: string
  readonly signal: AbortSignal
  absent(absence: Absence): void
}

/**
 * Looks whether anybody consumes a queue, while somebody waits for that: RabbitMQ returns no message of a queue that exists.
 *
 * A look is a passive declaration on the lane's spare channel, because a missing queue closes its channel. None is needed while
 * replies come.
 */
export class Attendance {
  readonly #options: AttendanceOptions
  #timer: NodeJS.Timeout | undefined
  #looking = false
  #isAwaited = false
  #seenAt = Number.NEGATIVE_INFINITY
  #scheduledAt = 0
  #emptySince: number | undefined

  constructor(options: AttendanceOptions) {
    this.#options = options
  }

  /** Somebody waits for a reply now. */
  await(): void {
    if (this.#isAwaited) return
    this.#isAwaited = true
    if (!this.#looking) this.#schedule(FIRST_LOOK_MS)
  }

  /** Nobody does any more. */
  rest(): void {
    this.#isAwaited = false
    clearTimeout(this.#timer)
  }

  /** A reply has come. */
  seen(): void {
    this.#seenAt = performance.now()
    this.#emptySince = undefined
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
    this.#scheduledAt = performance.now()
    if (this.#isAwaited && !this.#options.signal.aborted) this.#timer = setTimeout(() => void this.#watch(), ms)
  }

  async #watch(): Promise<void> {
    this.#looking = true
    await this.#look()
    this.#looking = false
    this.#schedule(LOOK_EVERY_MS)
  }

  async #look(): Promise<void> {
    const { signal, absent } = this.#options
    const before = performance.now()
    // None is needed while replies come.
    if (this.#seenAt >= this.#scheduledAt) return
    const first = await this.#absence()
    if (first === undefined || signal.aborted) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
    const reason = await this.#absence()
    // Who has answered meanwhile was there.
    if (reason === undefined || this.#seenAt >= before || signal.aborted) return
    absent({ reason, since: reason === 'no-queue' ? Number.NEGATIVE_INFINITY : (this.#emptySince ?? before), before })
  }

  /** @returns `undefined` when somebody is there, or nobody can tell */
  async #absence(): Promise<AbsenceReason | undefined> {
    const { lane, queue, signal } = this.#options
    // A blocked connection opens no channel.
    if (lane.state !== 'ready') return undefined
    const at = performance.now()
    try {
      const { consumerCount, messageCount } = await lane.spare.use(signal, (channel) => channel.checkQueue(queue))
      if (consumerCount > 0) {
        this.#emptySince = undefined
        return undefined
      }
      // Where nothing waits, somebody has taken what was sent. Where something does, it is what was sent since the look was scheduled.
      this.#emptySince ??= messageCount === 0 ? at : this.#scheduledAt - MOMENT_MS
      return 'no-consumers'
    } catch (error) {
      return error instanceof BrokerError && error.replyCode === 404 ? 'no-queue' : undefined
    }
  }
}
