import type { Lane } from '../connection/lane.js'
import { BrokerError } from '../errors.js'
import type { AbsenceReason } from '../rpc-errors.js'

/** Calls that have waited this long make it worth a look, and so often. */
const LOOK_EVERY_MS = 1_000
/** Who has just lost his connection, or answers a moment late for his queue, is not absent yet: he is back within a second. */
const LOOK_AGAIN_MS = 1_000

/** Nobody was there, twice in a row. */
export interface Absence {
  readonly reason: AbsenceReason
  /** Concerns what was sent before this time of `performance.now()`. */
  readonly before: number
}

/** Who looks, and what follows. */
export interface AttendanceOptions {
  readonly lane: Lane
  readonly queue: string
  readonly signal: AbortSignal
  /** So many messages of the queue were in nobody's hands, at this time of `performance.now()`. */
  looked(waiting: number, at: number): void
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
  #everLooked = false
  #isAwaited = false
  #seenAt = 0

  constructor(options: AttendanceOptions) {
    this.#options = options
  }

  /** Somebody waits for a reply now. */
  await(): void {
    if (this.#isAwaited) return
    this.#isAwaited = true
    if (!this.#looking) this.#schedule(this.#everLooked ? LOOK_EVERY_MS : 0)
  }

  /** Nobody does any more. */
  rest(): void {
    this.#isAwaited = false
    clearTimeout(this.#timer)
  }

  /** A reply has come. */
  seen(): void {
    this.#seenAt = performance.now()
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer)
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
    if (this.#everLooked && before - this.#seenAt < LOOK_EVERY_MS) return
    const first = await this.#absence()
    this.#everLooked = true
    if (first === undefined || signal.aborted) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
    const reason = await this.#absence()
    // Who has answered meanwhile was there.
    if (reason !== undefined && this.#seenAt < before && !signal.aborted) absent({ reason, before })
  }

  /** @returns `undefined` when somebody is there, or nobody can tell */
  async #absence(): Promise<AbsenceReason | undefined> {
    const { lane, queue, signal, looked } = this.#options
    // A blocked connection opens no channel.
    if (lane.state !== 'ready') return undefined
    const at = performance.now()
    try {
      const { consumerCount, messageCount } = await lane.spare.use(signal, (channel) => channel.checkQueue(queue))
      looked(messageCount, at)
      return consumerCount === 0 ? 'no-consumers' : undefined
    } catch (error) {
      return error instanceof BrokerError && error.replyCode === 404 ? 'no-queue' : undefined
    }
  }
}
