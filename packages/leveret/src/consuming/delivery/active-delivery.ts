import type { AsyncResource } from 'node:async_hooks'
import type { Handled } from '../../async/handler-context.js'
import type { Soon } from '../../async/maybe-promise.js'
import { expirationOf, type Lineage } from '../../headers/attempt-headers.js'
import { receivedHeaders } from '../../message/field-table.js'
import type { Headers, ReceivedMessage } from '../../message/message.js'
import { dateOf } from '../../message/timestamps.js'
import type { End, Held, Life } from './delivery-channel.js'
import type { ProcessTrace } from './process-trace.js'
import type { Settlement } from './settlement.js'

/** A heartbeat is a second at least, and a channel is given up after two. */
const LONG_MS = 1_000
const PERSISTENT = 2

/**
 * A delivery from its arrival to its settlement. It is the one owner of whether the attempt still counts; what a handler comes to
 * means what {@link countedVerdict} makes of that.
 *
 * The signal is made when it is first asked for.
 */
export class ActiveDelivery implements Held, Handled {
  readonly message: ReceivedMessage
  /** Where it is settled. */
  readonly life: Life
  readonly lineage: Lineage
  /** In milliseconds of `performance.now()`. */
  readonly receivedAtMs: number = performance.now()
  /** @internal */
  bagged: number | undefined
  /** The handler while it runs, where it {@link mayOutlive} its decision. */
  handler: Promise<void> | undefined
  /** Settles when that handler has ended or has been given up. Never rejects. */
  handled: Promise<void> | undefined
  /** What its handler came to, for whoever settles it by that. */
  result: unknown
  /** What is told of its attempt, where somebody listens. */
  trace: ProcessTrace | undefined
  #begunAtMs: number | undefined
  #endedAtMs: number | undefined
  #deadlineMs = 0
  #headers: Headers | undefined
  #isAcknowledged = false
  #isLateTold = false
  #abort: AbortController | undefined
  #end: { readonly how: End; readonly reason: Error } | undefined

  constructor(message: ReceivedMessage, life: Life, lineage: Lineage) {
    this.message = message
    this.life = life
    this.lineage = lineage
  }

  /** Starts its time. */
  begin(handlerTimeoutMs: number): void {
    this.#begunAtMs = performance.now()
    this.#deadlineMs = Date.now() + handlerTimeoutMs
  }

  /** When its attempt began, by `performance.now()`; `undefined` when it never did. */
  get begunAtMs(): number | undefined {
    return this.#begunAtMs
  }

  /** Its attempt has ended, and what follows takes time. */
  noteEnd(): void {
    this.#endedAtMs ??= performance.now()
  }

  get durationMs(): number {
    return this.#begunAtMs === undefined ? 0 : (this.#endedAtMs ?? performance.now()) - this.#begunAtMs
  }

  /** Whether it began so long ago that its channel may be lost without anybody having noticed yet. */
  get hasTakenLong(): boolean {
    return performance.now() - (this.#begunAtMs ?? Number.POSITIVE_INFINITY) >= LONG_MS
  }

  /** Acknowledges it before it is handled. Resolves when the broker has read that. @returns `false` when its channel has ended */
  async acknowledgeFirst(): Promise<boolean> {
    // What ends its channel from now on is no concern of its handler.
    this.#isAcknowledged = await this.life.ackAndWait(this.message)
    return this.#isAcknowledged
  }

  /** Whether that has happened: there is nothing left to settle. */
  get isAcknowledged(): boolean {
    return this.#isAcknowledged
  }

  /** Whether its handler, or an interceptor, may have stopped half-way because it no longer counts: somebody has its signal. */
  get mayHaveStopped(): boolean {
    return this.#end !== undefined && this.#abort !== undefined
  }

  /** Whether its handler may go on after it has settled the delivery. */
  get mayOutlive(): boolean {
    return false
  }

  /** It is being settled: what its handler decides from now on comes too late. */
  concludes(_outcome: Soon<Settlement>): void {}

  awaitsClose(): void {
    this.life.awaitsClose(this)
  }

  get context(): AsyncResource | undefined {
    return this.message.context
  }

  get queue(): string {
    return this.life.queue
  }

  get messageId(): string | undefined {
    // An empty one is none: by it, all tasks of a sender would be one and the same.
    return this.message.properties.messageId || undefined
  }

  get attempt(): number {
    return this.lineage.attempt
  }

  get redelivered(): boolean {
    return this.message.fields.redelivered
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
    this.#headers ??= receivedHeaders(this.message.properties)
    return this.#headers
  }

  get timestamp(): Date | undefined {
    return dateOf(this.message.properties.timestamp)
  }

  get offset(): number | undefined {
    return this.lineage.offset
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
    if (this.#end !== undefined) this.#abort.abort(this.#end.reason)
    return this.#abort.signal
  }

  /** How it ended before its handler did, if so. */
  get end(): { readonly how: End; readonly reason: Error } | undefined {
    return this.#end
  }

  /** Only the first end counts. What was acknowledged first outlives its channel. */
  abort(how: End, reason: Error): void {
    if (this.#end !== undefined || (how === 'lost' && this.#isAcknowledged)) return
    this.#end = { how, reason }
    this.#abort?.abort(reason)
  }

  /** @returns whether nobody has been told yet that its handler ended too late */
  takeLate(): boolean {
    const isFirst = !this.#isLateTold
    this.#isLateTold = true
    return isFirst
  }
}
