import type { AsyncResource } from 'node:async_hooks'
import type { Handled } from '../../async/handler-context.js'
import type { MaybePromise } from '../../async/maybe-promise.js'
import { type AttemptOrigin, expirationOf } from '../../headers/attempt-headers.js'
import { receivedHeaders } from '../../message/field-table.js'
import type { Headers, ReceivedMessage } from '../../message/message.js'
import { dateOf } from '../../message/timestamps.js'
import type { DeliveryChannel, End, Held } from './delivery-channel.js'
import type { ProcessTrace } from './process-trace.js'
import type { Settlement } from './settlement.js'

/** The shortest heartbeat. A silent connection is given up after two of them. */
const LONG_MS = 1_000
const PERSISTENT = 2

/**
 * A delivery from its arrival to its settlement. It alone knows whether the attempt still counts;
 * {@link countedVerdict} applies that to the result of a handler.
 *
 * The signal is made when it is first read.
 */
export class ActiveDelivery implements Held, Handled {
  readonly message: ReceivedMessage
  /** The channel on which the delivery is settled. */
  readonly channel: DeliveryChannel
  readonly origin: AttemptOrigin
  readonly context: AsyncResource | undefined
  /** The time of arrival, by `performance.now()`. */
  readonly receivedAtMs: number = performance.now()
  /** @internal */
  setIndex: number | undefined
  /** Whether the handler may continue after it has settled the delivery. */
  readonly mayOutlive: boolean = false
  /** The running handler, where it {@link mayOutlive} its decision. */
  handler: Promise<void> | undefined
  /** Settles when that handler has ended or was given up. Never rejects. */
  handled: Promise<void> | undefined
  /** The result of the handler, for the code that settles the delivery by it. */
  result: unknown
  /** The trace of its attempt, if anybody listens. */
  trace: ProcessTrace | undefined
  /** The start of the attempt, by `performance.now()`; `undefined` when it never started. */
  begunAtMs: number | undefined
  /** The way in which the attempt ended before its handler did; `undefined` if it did not. */
  end: { readonly how: End; readonly reason: Error } | undefined
  /** Whether the delivery was acknowledged first, so that nothing is left to settle. */
  isAcknowledged = false
  #endedAtMs: number | undefined
  #deadlineMs = 0
  #headers: Headers | undefined
  #isLateReported = false
  #abort: AbortController | undefined

  constructor(message: ReceivedMessage, channel: DeliveryChannel, origin: AttemptOrigin) {
    this.message = message
    this.channel = channel
    this.origin = origin
    this.context = message.context
  }

  /** Starts the attempt and its time limit. */
  begin(handlerTimeoutMs: number): void {
    this.begunAtMs = performance.now()
    this.#deadlineMs = Date.now() + handlerTimeoutMs
  }

  /** Notes that the attempt has ended, before steps that take time. */
  noteEnd(): void {
    this.#endedAtMs ??= performance.now()
  }

  get durationMs(): number {
    return this.begunAtMs === undefined ? 0 : (this.#endedAtMs ?? performance.now()) - this.begunAtMs
  }

  /**
   * Whether the broker may never process the ack of the work that is done: its channel is lost, or the attempt started
   * so long ago that its channel may be lost without anyone having noticed.
   */
  get isUnheard(): boolean {
    const { end, begunAtMs = Number.POSITIVE_INFINITY } = this
    return end === undefined ? performance.now() - begunAtMs >= LONG_MS : end.how === 'lost' && !this.mayHaveStopped
  }

  /**
   * Acknowledges the delivery before it is handled. Resolves when the broker has processed the ack.
   * @returns `false` when the channel has ended
   */
  async acknowledgeFirst(): Promise<boolean> {
    // From here on, the end of the channel does not concern the handler.
    this.isAcknowledged = await this.channel.ackAndWait(this.message)
    return this.isAcknowledged
  }

  /**
   * Whether the handler or an interceptor may have stopped half-way, because the attempt no longer counts and one of
   * them has read the signal.
   */
  get mayHaveStopped(): boolean {
    return this.end !== undefined && this.#abort !== undefined
  }

  /** Notes that the delivery is being settled: a later decision of its handler comes too late. */
  concludes?(outcome: MaybePromise<Settlement>): void

  awaitsClose(): void {
    this.channel.awaitsClose(this)
  }

  get queue(): string {
    return this.channel.queue
  }

  get messageId(): string | undefined {
    // An empty id counts as missing: it would make all messages of a sender look like one.
    return this.message.properties.messageId || undefined
  }

  get attempt(): number {
    return this.origin.attempt
  }

  get redelivered(): boolean {
    return this.message.fields.redelivered
  }

  get deliveryCount(): number | undefined {
    const count = this.message.properties.headers?.['x-delivery-count']
    return typeof count === 'number' ? count : undefined
  }

  get exchange(): string {
    return this.origin.exchange
  }

  get routingKey(): string {
    return this.origin.routingKey
  }

  get headers(): Headers {
    this.#headers ??= receivedHeaders(this.message.properties)
    return this.#headers
  }

  get timestamp(): Date | undefined {
    return dateOf(this.message.properties.timestamp)
  }

  get offset(): number | undefined {
    return this.origin.offset
  }

  get correlationId(): string | undefined {
    return this.message.properties.correlationId
  }

  get type(): string | undefined {
    return this.message.properties.type
  }

  get appId(): string | undefined {
    return this.message.properties.appId
  }

  get replyTo(): string | undefined {
    return this.message.properties.replyTo
  }

  get userId(): string | undefined {
    return this.message.properties.userId
  }

  get priority(): number | undefined {
    return this.message.properties.priority
  }

  get expirationMs(): number | undefined {
    return expirationOf(this.message.properties)
  }

  get persistent(): boolean {
    return this.message.properties.deliveryMode === PERSISTENT
  }

  get contentType(): string | undefined {
    return this.message.properties.contentType
  }

  get contentEncoding(): string | undefined {
    return this.message.properties.contentEncoding
  }

  get deadline(): Date {
    return new Date(this.#deadlineMs)
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.end !== undefined) this.#abort.abort(this.end.reason)
    return this.#abort.signal
  }

  /**
   * Ends the attempt. Only the first call counts. A delivery that was acknowledged first does not end with its channel.
   */
  abort(how: End, reason: Error): void {
    if (this.end !== undefined || (how === 'lost' && this.isAcknowledged)) return
    this.end = { how, reason }
    this.#abort?.abort(reason)
  }

  /** @returns `true` on the first call: the late end of the handler has not been reported yet */
  takeLate(): boolean {
    const isFirst = !this.#isLateReported
    this.#isLateReported = true
    return isFirst
  }
}
