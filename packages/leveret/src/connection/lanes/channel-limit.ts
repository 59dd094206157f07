import { isOverChannelLimit, overChannelLimit } from '../../amqp/channel-errors.js'
import type { Link } from '../../amqp/link.js'
import { inRootContext } from '../../async/root-context.js'
import { sleep } from '../../async/timing.js'
import type { BrokerError } from '../../errors/broker-error.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import { backoffMs } from './backoff.js'

const CLOSE_TIMEOUT_MS = 2_000

/**
 * Remembers how many channels a lane may have open.
 *
 * RabbitMQ tells of a limit only by closing the whole connection over the channel that exceeds it. So that happens once; from then on
 * such a channel is refused here, and whether there is room again is tried on a connection of its own, where it costs nobody anything.
 *
 * @see https://www.rabbitmq.com/docs/user-limits
 */
export class ChannelLimit {
  readonly #openLink: (signal: AbortSignal) => Promise<Link>
  readonly #signal: AbortSignal
  #most = Number.POSITIVE_INFINITY
  #reason: BrokerError | undefined
  #trying = false
  #failures = 0

  /** @param signal - ends the tries for room */
  constructor(openLink: (signal: AbortSignal) => Promise<Link>, signal: AbortSignal) {
    this.#openLink = openLink
    this.#signal = signal
  }

  /** Call when a link is lost. @param open - channels that the broker had opened on it */
  learn(reason: LeveretError, open: number): void {
    if (!isOverChannelLimit(reason)) return
    this.#most = open
    this.#reason = reason
  }

  /**
   * Call before a channel is opened.
   *
   * @param open - channels that are open already
   * @throws {@link ConnectionError} it would be one too many, as far as is known
   */
  admit(open: number): void {
    if (open < this.#most || this.#reason === undefined) return
    if (!this.#trying) void inRootContext(() => this.#tryForRoom())
    throw overChannelLimit(this.#reason, open)
  }

  async #tryForRoom(): Promise<void> {
    this.#trying = true
    try {
      await sleep(backoffMs(this.#failures + 1, Math.random()), this.#signal)
      this.#failures += 1
      const link = await this.#openLink(this.#signal)
      await link.openChannel('plain', {}).finally(() => link.close(CLOSE_TIMEOUT_MS))
      this.#most += 1
      this.#failures = 0
    } catch {
      // There is no room yet. Whoever wants a channel next has it tried again, later each time.
    } finally {
      this.#trying = false
    }
  }
}
