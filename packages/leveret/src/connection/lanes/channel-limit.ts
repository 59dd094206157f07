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
 * RabbitMQ reports a limit only by closing the whole connection over the channel that exceeds it. After that happened
 * once, leveret refuses such a channel itself. It tests on a separate connection whether there is room again, where a
 * refusal harms nothing.
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

  /** @param signal - ends the tests for room */
  constructor(openLink: (signal: AbortSignal) => Promise<Link>, signal: AbortSignal) {
    this.#openLink = openLink
    this.#signal = signal
  }

  /** Learns the limit from a lost link. @param open - how many channels the broker had opened on the link */
  learn(reason: LeveretError, open: number): void {
    if (!isOverChannelLimit(reason)) return
    this.#most = open
    this.#reason = reason
  }

  /**
   * Checks the limit before a channel is opened.
   *
   * @param open - how many channels are open already
   * @throws {@link ConnectionError} if the channel would exceed the known limit
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
      // There is no room yet. The next request for a channel tests again, after a longer wait.
    } finally {
      this.#trying = false
    }
  }
}
