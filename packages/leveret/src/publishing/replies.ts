import type { Lane } from '../connection/lane.js'
import type { OutgoingMessage } from '../connection/message.js'
import { Share } from '../connection/room.js'
import { BrokerError, type LeveretError } from '../errors.js'
import { onAbort } from '../signals.js'
import type { Outbox } from './outbox.js'
import type { Topology } from './request.js'
import { Line } from './turns.js'

const INTERNAL_ERROR = 541
const NONE: Topology = []

/** How long a reply may take. */
export interface ReplyTerms {
  /** `Infinity` where nobody has said how long he waits. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  inTurn(): void
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
  readonly #line = new Line()
  /** Its handler has a slot as long as a reply waits, so what waits is bounded. */
  readonly #share = new Share()
  /** Aborted, and made anew, when the broker has failed over something that was sent. */
  #era = new AbortController()

  constructor(outbox: Outbox, lane: Lane) {
    this.#outbox = outbox
    this.#lane = lane
    lane.events.on('disconnected', this.#onDisconnected)
  }

  /**
   * Resolves when the reply has been written. Its confirm is not waited for, because nobody could use the answer; until it comes, or nobody
   * waits for the reply any more, a reply that is lost with its connection is sent again.
   *
   * @param terms.signal - aborted when the request is the broker's again: then nobody waits here any more
   * @param terms.inTurn - called just before it is written
   * @throws {@link PublishError} it was not sent; the signal's reason
   */
  async send(message: OutgoingMessage, { timeoutMs, signal, inTurn }: ReplyTerms): Promise<void> {
    signal.throwIfAborted()
    const line = this.#line
    const share = this.#share
    const end = this.#era.signal
    await new Promise<void>((resolve, reject) => {
      const callOff = onAbort(signal, () => reject(signal.reason))
      const handedOver = (): void => {
        callOff()
        resolve()
      }
      const [topology, patient] = [NONE, true]
      const request = { message, topology, line, share, patient, timeoutMs, signal: end, inTurn, handedOver }
      this.#outbox.submit(request).catch((error: unknown) => {
        callOff()
        reject(error)
      })
    })
  }

  /** No more are sent. */
  close(): void {
    this.#lane.events.off('disconnected', this.#onDisconnected)
  }

  readonly #onDisconnected = ({ reason }: { readonly reason: LeveretError }): void => {
    if (!(reason instanceof BrokerError) || reason.replyCode !== INTERNAL_ERROR) return
    const over = this.#era
    this.#era = new AbortController()
    over.abort(reason)
  }
}
