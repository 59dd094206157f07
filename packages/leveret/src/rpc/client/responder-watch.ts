import type { Lane } from '../../connection/lanes/lane.js'
import { BrokerError } from '../../errors/errors.js'
import type { AbsenceReason } from '../../errors/rpc-errors.js'

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
  /** Since when somebody waits, if somebody does, by `performance.now()`. */
  #awaitedAt = 0
  #seenAt = Number.NEGATIVE_INFINITY
  #scheduledAt = 0
  #isFirstLook = false
  #emptySince: number | undefined

  constructor(options: AttendanceOptions) {
    this.#options = options
  }

  /** Somebody waits for a reply now. */
  await(): void {
    if (this.#isAwaited) return
    this.#isAwaited = true
    this.#awaitedAt = performance.now()
    if (this.#timer === undefined && !this.#looking) this.#schedule(FIRST_LOOK_MS)
  }

  /** Nobody does any more. The timer of a first look is left alone, because calls may follow each other fast. */
  rest(): void {
    this.#isAwaited = false
    if (this.#isFirstLook) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** A reply has come. */
  seen(): void {
    this.#seenAt = performance.now()
    this.#emptySince = undefined
  }

  #schedule(ms: number, from = performance.now()): void {
    this.#scheduledAt = from
    this.#isFirstLook = ms <= FIRST_LOOK_MS
    if (!this.#isAwaited || this.#options.signal.aborted) return
    // What waits keeps the process alive by its own deadline.
    this.#timer = setTimeout(this.#fire, ms).unref()
  }

  readonly #fire = (): void => {
    this.#timer = undefined
    if (!this.#isAwaited) return
    const leftMs = this.#awaitedAt + FIRST_LOOK_MS - performance.now()
    // It was set for a call that has its answer; the one that waits now is a later one.
    if (this.#awaitedAt > this.#scheduledAt && leftMs > 0) this.#schedule(leftMs, this.#awaitedAt)
    else void this.#watch()
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
    if (this.#seenAt >= Math.max(this.#scheduledAt, this.#awaitedAt)) return
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
