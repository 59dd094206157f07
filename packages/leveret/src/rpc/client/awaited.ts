import { randomUUID } from 'node:crypto'
import { SlotMap } from '../../collections/dense-map.js'
import type { ConnectSettings } from '../../connection/connect-options.js'
import type { ReceivedMessage } from '../../message/message.js'
import type { Call } from './call.js'
import type { Absence } from './responder-watch.js'

/** The calls of one client that were written and have no answer yet, and what came back. */
export class Awaited {
  readonly #calls = new SlotMap<string, Call>()
  /** A correlation id that begins with it was made here. */
  readonly #prefix = `${randomUUID().slice(0, 8)}.`
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
   * The calls that nobody can have had in his hands: sent before one time, and not before another, since when nobody is there. What is older a
   * server may hold, also one that is closing, and answer.
   */
  undelivered({ since, before }: Absence): Call[] {
    return [...this].filter(({ sentAt }) => sentAt >= since && sentAt <= before)
  }

  /** A copy: who is told of one may call again. In the order in which they were written. */
  [Symbol.iterator](): IterableIterator<Call> {
    return [...this.#calls.values()].values()
  }
}
