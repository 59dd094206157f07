import type { Lane } from '../../connection/lanes/lane.js'
import { BrokerError } from '../../errors/broker-error.js'
import type { AbsenceReason } from '../../errors/rpc-errors.js'

/** The interval between looks while calls wait. */
const LOOK_EVERY_MS = 1_000
/** The delay of the first look. It is short, so that a call sent just before is known to have found no server. */
const FIRST_LOOK_MS = 100
/** The most time between writing a call and scheduling the look for it. */
const MOMENT_MS = 20
/** The pause before the second look: a server that has just lost its connection reconnects within a second. */
const LOOK_AGAIN_MS = 1_000

/**
 * Checks whether a queue has consumers while calls wait for replies, because RabbitMQ returns no message if the queue
 * exists.
 *
 * A look is a passive `queue.declare` on the lane's spare channel, because a missing queue closes the channel. While
 * replies come, no look is needed.
 */
export class ResponderWatch {
  readonly #options: ResponderWatchOptions
  #timer: NodeJS.Timeout | undefined
  #looking = false
  #isAwaited = false
  /** The time since which a call waits, by `performance.now()`, if one does. */
  #awaitedAt = 0
  #seenAt = Number.NEGATIVE_INFINITY
  #scheduledAt = 0
  #isFirstLook = false
  #emptySince: number | undefined

  constructor(options: ResponderWatchOptions) {
    this.#options = options
  }

  /** Notes that a call waits for a reply. */
  await(): void {
    if (this.#isAwaited) return
    this.#isAwaited = true
    this.#awaitedAt = performance.now()
    if (this.#timer === undefined && !this.#looking) this.#schedule(FIRST_LOOK_MS)
  }

  /** Notes that no call waits. The timer of a first look keeps running, because calls may follow each other fast. */
  rest(): void {
    this.#isAwaited = false
    if (this.#isFirstLook) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Notes that a reply has come. */
  seen(): void {
    this.#seenAt = performance.now()
    this.#emptySince = undefined
  }

  #schedule(ms: number, from = performance.now()): void {
    this.#scheduledAt = from
    this.#isFirstLook = ms <= FIRST_LOOK_MS
    if (!this.#isAwaited || this.#options.signal.aborted) return
    // The calls keep the process alive by their own timers.
    this.#timer = setTimeout(this.#fire, ms).unref()
  }

  readonly #fire = (): void => {
    this.#timer = undefined
    if (!this.#isAwaited) return
    const leftMs = this.#awaitedAt + FIRST_LOOK_MS - performance.now()
    // The timer was set for a call that has its reply. Another call waits now, and started later.
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
    // While replies come, no look is needed.
    if (this.#seenAt >= Math.max(this.#scheduledAt, this.#awaitedAt)) return
    const first = await this.#absence()
    if (first === undefined || signal.aborted) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
    const reason = await this.#absence()
    // A server that has replied meanwhile was there.
    if (reason === undefined || this.#seenAt >= before || signal.aborted) return
    absent({ reason, since: reason === 'no-queue' ? Number.NEGATIVE_INFINITY : (this.#emptySince ?? before), before })
  }

  /** Looks at the queue. @returns `undefined` when it has a consumer, or when that cannot be found out */
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
      // If the queue is empty, a server took the earlier requests, so the absence counts from now. Otherwise the
      // requests that wait there were sent after the look was scheduled.
      this.#emptySince ??= messageCount === 0 ? at : this.#scheduledAt - MOMENT_MS
      return 'no-consumers'
    } catch (error) {
      return error instanceof BrokerError && error.replyCode === 404 ? 'no-queue' : undefined
    }
  }
}

/** The result of two looks that found no server. */
export interface Absence {
  readonly reason: AbsenceReason
  /** The time, by `performance.now()`, since which no server was there; `-Infinity` when the queue is gone. */
  readonly since: number
  /** The time of the first look. The absence concerns requests that were sent before it. */
  readonly before: number
}

/** Options of {@link ResponderWatch}. */
export interface ResponderWatchOptions {
  readonly lane: Lane
  readonly queue: string
  readonly signal: AbortSignal
  absent(absence: Absence): void
}
