import { randomUUID } from 'node:crypto'
import type { ConnectSettings } from '../connection/connect-options.js'
import type { ReceivedMessage } from '../connection/message.js'
import { SlotMap } from '../slot-map.js'
import type { Call } from './call.js'

const ARRIVAL_MS = 500

/** The calls of one client that were written and have no answer yet, and what came back. */
export class Awaited {
  readonly #calls = new SlotMap<string, Call>()
  /** A correlation id that begins with it was made here. */
  readonly #prefix = `${randomUUID().slice(0, 8)}.`
  /** When the last call was sent that a server has had in its hands, as far as is known. */
  #deliveredUntil = 0
  #bytes = 0
  #late = 0
  #unknown = 0
  #lastReplyAt: Date | undefined

  get size(): number {
    return this.#calls.size
  }

  /** Replies that came when nobody waited for them any more. */
  get late(): number {
    return this.#late
  }

  /** Replies to nothing that was asked here. */
  get unknown(): number {
    return this.#unknown
  }

  get lastReplyAt(): Date | undefined {
    return this.#lastReplyAt
  }

  /** Nobody can guess it who has not seen the request. */
  newCorrelationId(): string {
    return this.#prefix + randomUUID()
  }

  isFull({ maxInFlight, maxQueuedBytes }: Pick<ConnectSettings, 'maxInFlight' | 'maxQueuedBytes'>): boolean {
    return this.#calls.size >= maxInFlight || this.#bytes >= maxQueuedBytes
  }

  add(call: Call): void {
    this.#calls.set(call.correlationId, call)
    this.#bytes += call.bytes
  }

  get(correlationId: string): Call | undefined {
    return this.#calls.get(correlationId)
  }

  /** @returns whether it was there */
  delete(call: Call): boolean {
    if (this.#calls.delete(call.correlationId) === undefined) return false
    this.#bytes -= call.bytes
    return true
  }

  /** @returns the call that the reply is for, or `undefined`, and counts it then */
  match({ properties: { correlationId } }: ReceivedMessage): Call | undefined {
    const call = correlationId === undefined ? undefined : this.#calls.get(correlationId)
    if (call !== undefined) this.#lastReplyAt = new Date()
    else if (correlationId?.startsWith(this.#prefix) === true) this.#late += 1
    else this.#unknown += 1
    return call
  }

  /**
   * Learns from a look at the queue who has had what in his hands: the calls that wait there are the newest. What was sent just before the look
   * may not have come to the queue yet.
   *
   * @param waiting - messages there that nobody has, of other clients and of calls that have ended too
   */
  looked(waiting: number, at: number): void {
    const arrived = [...this].filter(({ sentAt }) => sentAt < at - ARRIVAL_MS)
    const newestDelivered = arrived[arrived.length - waiting - 1]
    this.#deliveredUntil = Math.max(this.#deliveredUntil, newestDelivered?.sentAt ?? 0)
  }

  /** The calls sent before a time that nobody has had in his hands. What a server has had, also one that is closing, it may still answer. */
  undelivered(before: number): Call[] {
    return [...this].filter(({ sentAt }) => sentAt > this.#deliveredUntil && sentAt <= before)
  }

  /** A copy: who is told of one may call again. In the order in which they were written. */
  [Symbol.iterator](): IterableIterator<Call> {
    return [...this.#calls.values()].values()
  }
}
