import type { Delivery } from '../connection/delivery.js'
import type { Headers, ReceivedMessage } from '../connection/message.js'
import { bareTable } from '../connection/table.js'
import type { RetryPolicy } from '../contract/retry.js'
import type { Soon } from '../soon.js'
import { dateOf } from './death.js'
import type { Life } from './life.js'
import { type Lineage, lineageOf, notedReturnsOf } from './lineage.js'
import type { Settlement } from './settlement.js'

/** A delivery from its arrival to its settlement. The signal is made when it is first asked for. */
export class ActiveDelivery implements Delivery {
  readonly message: ReceivedMessage
  /** Where it is settled. */
  readonly life: Life
  readonly lineage: Lineage
  /** @internal */
  bagged: number | undefined
  #begunAtMs: number | undefined
  #deadlineMs = 0
  #headers: Headers | undefined
  #isAcknowledged = false
  #abort: AbortController | undefined
  #aborted: { reason: Error } | undefined

  /** @param retry - says who has counted the attempts */
  constructor(message: ReceivedMessage, life: Life, retry: RetryPolicy | false) {
    this.message = message
    this.life = life
    this.lineage = lineageOf(message, retry)
  }

  /** Its time runs from now on. */
  begin(handlerTimeoutMs: number): void {
    this.#begunAtMs = performance.now()
    this.#deadlineMs = Date.now() + handlerTimeoutMs
  }

  /** When its attempt began, by `performance.now()`; `undefined` when it never did. */
  get begunAtMs(): number | undefined {
    return this.#begunAtMs
  }

  /** Acknowledges it before it is handled. @returns `false` when its channel has ended */
  acknowledge(): boolean {
    this.#isAcknowledged = this.life.ack(this.message)
    return this.#isAcknowledged
  }

  /** Whether that has happened: there is nothing left to settle. */
  get isAcknowledged(): boolean {
    return this.#isAcknowledged
  }

  /** It is being settled: what its handler decides from now on comes too late. */
  concludes(_outcome: Soon<Settlement>): void {}

  get messageId(): string | undefined {
    // An empty one is none: by it, all tasks of a sender would be one and the same.
    return this.message.properties.messageId || undefined
  }

  get attempt(): number {
    return this.lineage.attempt
  }

  get redelivered(): boolean {
    // On a queue that does not count, a copy has taken its place.
    return this.message.fields.redelivered || notedReturnsOf(this.message) > 0
  }

  get deliveryCount(): number | undefined {
    const count = this.message.properties.headers?.['x-delivery-count']
    return typeof count === 'number' ? count : undefined
  }

  get exchange(): string {
    return this.lineage.exchange
  }

  get routingKey(): string {
    return this.lineage.routingKey
  }

  get headers(): Headers {
    this.#headers ??= bareTable(this.message.properties.headers)
    return this.#headers
  }

  get timestamp(): Date | undefined {
    return dateOf(this.message.properties.timestamp)
  }

  get offset(): number | undefined {
    return undefined
  }

  get correlationId(): string | undefined {
    return this.message.properties.correlationId
  }

  get deadline(): Date {
    return new Date(this.#deadlineMs)
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#aborted !== undefined) this.#abort.abort(this.#aborted.reason)
    return this.#abort.signal
  }

  /** Why it no longer counts, if so. */
  get abortReason(): Error | undefined {
    return this.#aborted?.reason
  }

  /** Whether its handler, or an interceptor, may have stopped half-way because it no longer counts: somebody has its signal. */
  get mayHaveStopped(): boolean {
    return this.#aborted !== undefined && this.#abort !== undefined
  }

  /** Only the first reason counts. */
  abort(reason: Error): void {
    this.#aborted ??= { reason }
    this.#abort?.abort(reason)
  }
}
