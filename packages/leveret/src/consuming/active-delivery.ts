import type { Delivery } from '../connection/delivery.js'
import type { Headers, ReceivedMessage } from '../connection/message.js'
import { type Lineage, readLineage } from './lineage.js'

/** A delivery while its handler runs. The signal is made when it is first asked for. */
export class ActiveDelivery implements Delivery {
  readonly lineage: Lineage
  readonly #message: ReceivedMessage
  readonly #deadlineMs: number
  #headers: Headers | undefined
  #abort: AbortController | undefined
  #aborted: { reason: Error } | undefined

  constructor(message: ReceivedMessage, handlerTimeoutMs: number) {
    this.#message = message
    this.lineage = readLineage(message)
    this.#deadlineMs = Date.now() + handlerTimeoutMs
  }

  get messageId(): string | undefined {
    return this.#message.properties.messageId
  }

  get attempt(): number {
    return this.lineage.attempt
  }

  get redelivered(): boolean {
    return this.#message.fields.redelivered
  }

  get deliveryCount(): number | undefined {
    const count = this.#message.properties.headers?.['x-delivery-count']
    return typeof count === 'number' ? count : undefined
  }

  get exchange(): string {
    return this.lineage.exchange
  }

  get routingKey(): string {
    return this.lineage.routingKey
  }

  get headers(): Headers {
    this.#headers ??= Object.assign(Object.create(null), this.#message.properties.headers) as Headers
    return this.#headers
  }

  get timestamp(): Date | undefined {
    const { timestamp } = this.#message.properties
    return timestamp === undefined ? undefined : new Date(timestamp * 1_000)
  }

  get correlationId(): string | undefined {
    return this.#message.properties.correlationId
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

  /** Only the first reason counts. */
  abort(reason: Error): void {
    this.#aborted ??= { reason }
    this.#abort?.abort(reason)
  }
}
