import { setMaxListeners } from 'node:events'
import { Deadlines, expireDue } from '../../async/deadlines.js'
import { InFlightCount } from '../../async/in-flight-count.js'
import { atMost } from '../../async/timing.js'
import { DenseSet } from '../../collections/dense-set.js'
import type { ConnectionInternals } from '../../connection/connection.js'
import { diagnostics } from '../../connection/diagnostics.js'
import { publishDiagnostic } from '../../connection/message-diagnostics.js'
import { SenderShare } from '../../connection/queued-messages.js'
import { BrokerError } from '../../errors/broker-error.js'
import { ClosedError } from '../../errors/closed-error.js'
import { ConnectionError } from '../../errors/connection-error.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { PublishError } from '../../errors/publish-error.js'
import { NACKED, notEncoded, publishError, tooLarge } from '../../errors/publish-failures.js'
import { RpcNoResponderError, RpcTimeoutError } from '../../errors/rpc-errors.js'
import type { OutgoingMessage, ReceivedMessage, ReturnedMessage } from '../../message/message.js'
import { Awaited } from './awaited.js'
import { Call, type CallTerms } from './call.js'
import type { CallerHealth } from './caller-health.js'
import { ClockGap } from './clock-gap.js'
import { RequestChannel } from './request-channel.js'
import { type Absence, ResponderWatch } from './responder-watch.js'

const LAST_STEP_MS = 500
const UNANSWERED = 'its schema, its codec or an interceptor did not finish'

/**
 * Sends requests to one queue, and matches the replies to them, through one channel that recovers by itself.
 *
 * A call waits for its turn, then for its reply. The replies end with their channel: when it is lost, calls in flight
 * fail at once, and calls that wait use the next channel.
 */
export class Caller {
  readonly #name: string
  readonly #confirm: boolean
  readonly #internals: ConnectionInternals
  readonly #channel: RequestChannel
  readonly #attendance: ResponderWatch
  readonly #stop = new AbortController()
  readonly #open = new DenseSet<Call>()
  readonly #deadlines = new Deadlines((now) => expireDue(this.#open, now, (call) => call.fail(this.#timeoutOf(call))), {
    keepsAlive: true,
  })
  readonly #waiting = new Set<Call>()
  readonly #awaited = new Awaited()
  readonly #inFlight = new InFlightCount()
  readonly #share = new SenderShare()
  readonly #clockGap = new ClockGap()

  /**
   * @param name - the name of the procedure and of its queue
   * @param confirm - whether the broker confirms each request
   */
  constructor(name: string, internals: ConnectionInternals, { confirm }: { readonly confirm: boolean }) {
    this.#name = name
    this.#confirm = confirm
    this.#internals = internals
    setMaxListeners(0, this.signal)
    const { publishLane: lane, settings } = internals
    this.#channel = new RequestChannel({
      lane,
      queue: name,
      confirm,
      limits: settings,
      ready: () => this.#pump(),
      confirmed: (call, accepted) => this.#onConfirm(call, accepted),
      returned: (message) => this.#onReturned(message),
      replied: (reply) => this.#onReply(reply),
      lost: (reason) => this.#onLost(reason),
    })
    this.#attendance = new ResponderWatch({
      lane,
      queue: name,
      signal: this.signal,
      absent: (absence) => this.#onAbsent(absence),
    })
    lane.events.on('unblocked', this.#pump)
  }

  /** Aborted when the caller sends no more requests. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Begins a call and its time limit. The call settles in every case. */
  begin(terms: CallTerms): Call {
    this.#inFlight.begin()
    const correlationId = this.#awaited.newCorrelationId()
    const call = new Call({ ...terms, correlationId, settled: this.#onSettled })
    this.#open.add(call)
    if (call.dueAt < this.#deadlines.next) this.#deadlines.watch(call.dueAt)
    if (terms.signal?.aborted) call.fail(terms.signal.reason)
    else if (this.signal.aborted) call.fail(this.signal.reason)
    return call
  }

  /** Sends the request of a call, or fails the call. */
  send(call: Call, message: OutgoingMessage): void {
    if (call.isSettled) return
    const refusal = this.#refusal(message)
    if (refusal === undefined) this.#enter(call, message)
    else call.fail(refusal)
  }

  /** Waits for the calls in flight, then fails the others. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    await atMost(timeoutMs, this.#inFlight.whenEmpty())
    const closed = new ClosedError(`The client of '${this.#name}' was closed before the answer came`)
    this.#stop.abort(closed)
    this.#internals.publishLane.events.off('unblocked', this.#pump)
    this.#deadlines.stop()
    for (const call of this.#open) call.fail(closed)
    await this.#channel.close(Math.max(deadline - performance.now(), LAST_STEP_MS))
  }

  health(): CallerHealth {
    const { isAttached: attached, why } = this.#channel
    const { late, unknown, lastReplyAt } = this.#awaited
    return { attached, inFlight: this.#inFlight.size, late, unknown, lastReplyAt, why }
  }

  #refusal(message: OutgoingMessage): PublishError | undefined {
    const { queued, settings } = this.#internals
    const bytes = message.content.length
    if (bytes > settings.maxMessageBytes) {
      return publishError('not-sent', message, tooLarge(bytes, settings.maxMessageBytes), { retryable: false })
    }
    const why = queued.refusal(this.#share, bytes)
    return why === undefined ? undefined : publishError('not-sent', message, why, { retryable: true })
  }

  #enter(call: Call, message: OutgoingMessage): void {
    this.#channel.start()
    call.message = message
    call.context = this.#internals.tracers.context()
    if (this.#waiting.size === 0 && this.#write(call, message)) return
    call.place = 'waiting'
    this.#waiting.add(call)
    this.#internals.queued.enter(this.#share, call.bytes)
  }

  /** Sends the requests that can be sent now. */
  readonly #pump = (): void => {
    for (const call of this.#waiting) {
      if (call.message === undefined || !this.#write(call, call.message)) return
    }
  }

  /** Writes a request. @returns `false` when it has to wait */
  #write(call: Call, message: OutgoingMessage): boolean {
    const { publishLane, settings } = this.#internals
    if (publishLane.state === 'blocked' || this.#awaited.isFull(settings)) return false
    try {
      const { context } = call
      const isWritten =
        context === undefined
          ? this.#channel.write(call, message)
          : context.runInAsyncScope(() => this.#channel.write(call, message))
      if (!isWritten) return false
    } catch (cause) {
      call.fail(publishError('not-sent', message, notEncoded(cause), { cause, retryable: false }))
      return true
    }
    this.#leave(call)
    this.#written(call, message)
    return true
  }

  #written(call: Call, message: OutgoingMessage): void {
    call.place = 'in flight'
    call.sentAt = performance.now()
    this.#awaited.add(call)
    this.#attendance.await()
    if (!this.#confirm) call.accept()
    // Last, because a listener may make a call.
    if (diagnostics.published.hasSubscribers) publishDiagnostic('published', this.#internals.name, message)
  }

  #leave(call: Call): void {
    if (this.#waiting.delete(call)) this.#internals.queued.leave(this.#share, call.bytes)
  }

  readonly #onSettled = (call: Call): void => {
    this.#open.delete(call)
    this.#leave(call)
    if (this.#awaited.delete(call) && this.#awaited.size === 0) this.#attendance.rest()
    call.message = undefined
    if (this.#waiting.size > 0) queueMicrotask(this.#pump)
    this.#inFlight.end()
  }

  #onReply(reply: ReceivedMessage): void {
    const call = this.#awaited.match(reply)
    if (call === undefined) return
    this.#attendance.seen()
    this.#clockGap.seen(reply.properties.timestamp, performance.now() - call.sentAt)
    call.succeed(reply)
  }

  /** Handles a confirm; there are some only with the option `confirm`. */
  #onConfirm(call: Call, accepted: boolean): void {
    const { message } = call
    // The call has its reply already, or was given up.
    if (message === undefined) return
    if (accepted) call.accept()
    else call.fail(publishError('refused', message, NACKED))
  }

  #onReturned({ correlationId = '' }: ReturnedMessage): void {
    const call = this.#awaited.get(correlationId)
    call?.fail(new RpcNoResponderError(this.#name, 'no-queue'))
  }

  #onAbsent(absence: Absence): void {
    for (const call of this.#awaited.undelivered(absence))
      call.fail(new RpcNoResponderError(this.#name, absence.reason))
  }

  /** Fails all calls in flight: their replies are lost with the channel, whether or not the requests were handled. */
  #onLost(reason: LeveretError): void {
    if (this.#awaited.size === 0) return
    // Without the permission, the next call would fail in the same way.
    const isRefused = reason instanceof BrokerError && reason.replyCode === 403
    const why = `The channel of the call to '${this.#name}' was lost; the request may have been handled: ${reason.message}`
    for (const call of this.#awaited) {
      call.fail(isRefused ? reason : new ConnectionError('lost', why, { cause: reason }))
    }
  }

  #timeoutOf({ place, timeoutMs }: Call): RpcTimeoutError {
    if (place === 'new') return new RpcTimeoutError(this.#name, timeoutMs, 'not-sent', UNANSWERED)
    if (place === 'in flight') return new RpcTimeoutError(this.#name, timeoutMs, 'unknown', this.#clockGap.why)
    const full =
      this.#channel.isAttached === true ? 'maxInFlight is reached: that many calls wait for their answers' : undefined
    const why = this.#internals.publishLane.why ?? this.#channel.why ?? full
    return new RpcTimeoutError(this.#name, timeoutMs, 'not-sent', why)
  }
}
