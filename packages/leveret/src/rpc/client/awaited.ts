import { randomUUID } from 'node:crypto'
import { DenseMap } from '../../collections/dense-map.js'
import type { ConnectSettings } from '../../connection/connect-options.js'
import type { ReceivedMessage } from '../../message/message.js'
import type { Call } from './call.js'
import type { Absence } from './responder-watch.js'

/** The calls of one client that were written and have no reply yet. Counts replies that match none of them. */
export class Awaited {
  readonly #calls = new DenseMap<string, Call>()
  /** The beginning of every correlation id that this client makes. */
  readonly #prefix = `${randomUUID().slice(0, 8)}.`
  #bytes = 0
  #late = 0
  #unknown = 0
  #lastReplyAt: Date | undefined

  get size(): number {
    return this.#calls.size
  }

  /** How many replies came after their call had ended. */
  get late(): number {
    return this.#late
  }

  /** How many replies came that belong to no call of this client. */
  get unknown(): number {
    return this.#unknown
  }

  get lastReplyAt(): Date | undefined {
    return this.#lastReplyAt
  }

  /** Makes a correlation id that only a receiver of the request can know. */
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

  /** Removes a call. @returns whether it was there */
  delete(call: Call): boolean {
    if (this.#calls.delete(call.correlationId) === undefined) return false
    this.#bytes -= call.bytes
    return true
  }

  /** Finds the call of a reply. @returns `undefined` when no call waits for it; the reply is counted then */
  match({ properties: { correlationId } }: ReceivedMessage): Call | undefined {
    const call = correlationId === undefined ? undefined : this.#calls.get(correlationId)
    if (call !== undefined) this.#lastReplyAt = new Date()
    else if (correlationId?.startsWith(this.#prefix) === true) this.#late += 1
    else this.#unknown += 1
    return call
  }

  /**
   * The calls that no server can have received: written while no server consumed the queue. A server may hold an older
   * request, and still reply to it, even while it closes.
   */
  undelivered({ since, before }: Absence): Call[] {
    return [...this].filter(({ sentAt }) => sentAt >= since && sentAt <= before)
  }

  /** Iterates over a copy, in the order of writing, because a caller whose call fails may make another one. */
  [Symbol.iterator](): IterableIterator<Call> {
    return [...this.#calls.values()].values()
  }
}
