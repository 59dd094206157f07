import type { Lane } from '../connection/lane.js'
import type { OutgoingMessage } from '../connection/message.js'
import { BrokerError, type LeveretError } from '../errors.js'
import type { Outbox } from './outbox.js'

const INTERNAL_ERROR = 541

/** How long a reply may take. */
export interface ReplyTerms {
  /** `Infinity` where nobody has said how long he waits. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Sends replies to addresses that come from outside.
 *
 * RabbitMQ closes the whole connection over a direct reply-to address that it cannot decode (541, measured on 3.10.8). What was on its
 * way then is not sent again, or one forged address would close every connection to come.
 */
export class Replies {
  readonly #outbox: Outbox
  readonly #lane: Lane
  /** Aborted, and made anew, when the broker has failed over something that was sent. */
  #era = new AbortController()
  /** Aborted with the era too: one for all replies to what one channel has brought. */
  #ends = new WeakMap<AbortSignal, AbortSignal>()

  constructor(outbox: Outbox, lane: Lane) {
    this.#outbox = outbox
    this.#lane = lane
    lane.events.on('disconnected', this.#onDisconnected)
  }

  /** Settles when the broker has the reply, or will not. @throws {@link PublishError} */
  async send(message: OutgoingMessage, { timeoutMs, signal }: ReplyTerms): Promise<void> {
    const deadline = performance.now() + timeoutMs
    // Its handler has a slot as long as it waits, so what waits for room is bounded already.
    await this.#outbox.whenRoom(message.content.length, signal, () => {
      const leftMs = Math.max(Math.ceil(deadline - performance.now()), 1)
      return this.#outbox.submit({ message, topology: [], timeoutMs: leftMs, signal: this.#endOf(signal) })
    })
  }

  /** No more are sent. */
  close(): void {
    this.#lane.events.off('disconnected', this.#onDisconnected)
  }

  #endOf(signal: AbortSignal): AbortSignal {
    const known = this.#ends.get(signal)
    if (known !== undefined) return known
    const end = AbortSignal.any([signal, this.#era.signal])
    this.#ends.set(signal, end)
    return end
  }

  readonly #onDisconnected = ({ reason }: { readonly reason: LeveretError }): void => {
    if (!(reason instanceof BrokerError) || reason.replyCode !== INTERNAL_ERROR) return
    const over = this.#era
    this.#era = new AbortController()
    this.#ends = new WeakMap()
    over.abort(reason)
  }
}
