import { setMaxListeners } from 'node:events'
import { Bag } from '../bag.js'
import type { ConnectionInternals } from '../connection/connection.js'
import type { OutgoingMessage, ReceivedMessage } from '../connection/message.js'
import { Deadlines, tellLate } from '../deadlines.js'
import { BrokerError, ClosedError, ConnectionError, type LeveretError, PublishError } from '../errors.js'
import { InHand } from '../in-hand.js'
import { type AbsenceReason, RpcNoResponderError, RpcTimeoutError } from '../rpc-errors.js'
import { SlotMap } from '../slot-map.js'
import { atMost } from '../timing.js'
import { Attendance } from './attendance.js'
import { BoundedSet } from './bounded-set.js'
import { Call } from './call.js'
import { ClockGap } from './clock-gap.js'
import { RequestChannel } from './request-channel.js'
import { tell } from './told.js'

/** Calls whose late replies are told from replies to nothing. */
const REMEMBERED = 10_000
const LAST_STEP_MS = 500

/** How long a call may take, and what ends it before. */
export interface CallLimits {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

/** How a caller is doing. */
export interface CallerHealth {
  /** `undefined`: nothing was called yet. */
  readonly attached: boolean | undefined
  /** Calls that have not settled. */
  readonly inFlight: number
  /** Replies that came when nobody waited for them any more. */
  readonly late: number
  /** Replies to nothing that was asked here. */
  readonly unknown: number
  readonly lastReplyAt: Date | undefined
  readonly why: string | undefined
}

/**
 * Sends requests to one queue and matches what comes back, through one channel that comes back by itself.
 *
 * A call waits for its turn, then for its reply. When the channel is lost, so are the replies that were to come through it:
 * what was in flight fails at once, and what waits goes through the next channel.
 */
export class Caller {
  readonly #name: string
  readonly #internals: ConnectionInternals
  readonly #channel: RequestChannel
  readonly #attendance: Attendance
  readonly #stop = new AbortController()
  readonly #open = new Bag<Call>()
  readonly #deadlines = new Deadlines((now) => tellLate(this.#open, now, (call) => call.fail(this.#timeoutOf(call))), {
    keepsAlive: true,
  })
  readonly #waiting = new Set<Call>()
  readonly #awaited = new SlotMap<string, Call>()
  readonly #ended = new BoundedSet<string>(REMEMBERED)
  readonly #inHand = new InHand()
  readonly #clockGap = new ClockGap()
  #waitingBytes = 0
  #late = 0
  #unknown = 0
  #lastReplyAt: Date | undefined

  /** @param name - of the procedure, and so of the queue */
  constructor(name: string, internals: ConnectionInternals) {
    this.#name = name
    this.#internals = internals
    setMaxListeners(0, this.signal)
    const { publishLane: lane, settings } = internals
    this.#channel = new RequestChannel({
      lane,
      queue: name,
      connection: internals.name,
      limits: settings,
      isIdle: () => this.#awaited.size === 0,
      opened: () => this.#pump(),
      answered: () => this.#pump(),
      returned: ({ correlationId = '' }) =>
        this.#awaited.get(correlationId)?.fail(new RpcNoResponderError(name, 'no-queue')),
      replied: (reply) => this.#onReply(reply),
      lost: (reason) => this.#onLost(reason),
    })
    this.#attendance = new Attendance({
      lane,
      queue: name,
      signal: this.signal,
      absent: (reason, before) => this.#onAbsent(reason, before),
    })
    lane.events.on('unblocked', this.#pump)
  }

  /** Aborted when nothing more is sent. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Begins a call; its time runs. It settles however it ends. */
  begin({ timeoutMs, signal }: CallLimits): Call {
    this.#inHand.begin()
    const call = new Call({ timeoutMs, signal, settled: this.#onSettled })
    this.#open.add(call)
    this.#deadlines.watch(call.dueAt)
    if (signal?.aborted) call.fail(signal.reason)
    else if (this.signal.aborted) call.fail(this.signal.reason)
    return call
  }

  /** Sends the request of a call, or fails it. */
  send(call: Call, message: OutgoingMessage): void {
    if (call.isSettled) return
    const refusal = this.#refusal(message)
    if (refusal === undefined) this.#enter(call, message)
    else call.fail(refusal)
  }

  /** Waits for the calls in hand, then fails what is left. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    await atMost(timeoutMs, this.#inHand.whenEmpty())
    const closed = new ClosedError(`The client of '${this.#name}' was closed before the answer came`)
    this.#stop.abort(closed)
    this.#internals.publishLane.events.off('unblocked', this.#pump)
    this.#deadlines.stop()
    for (const call of this.#open) call.fail(closed)
    await this.#channel.close(Math.max(deadline - performance.now(), LAST_STEP_MS))
  }

  health(): CallerHealth {
    const { isAttached: attached, why } = this.#channel
    return {
      attached,
      inFlight: this.#inHand.size,
      late: this.#late,
      unknown: this.#unknown,
      lastReplyAt: this.#lastReplyAt,
      why,
    }
  }

  #refusal(message: OutgoingMessage): PublishError | undefined {
    const { maxMessageBytes, maxQueued, maxQueuedBytes } = this.#internals.settings
    const { exchange, routingKey, content, properties } = message
    const refuse = (why: string, retryable: boolean): PublishError =>
      new PublishError('not-sent', { exchange, routingKey, messageId: properties.messageId }, why, { retryable })
    if (content.length > maxMessageBytes) {
      return refuse(`its content has ${content.length} bytes and maxMessageBytes is ${maxMessageBytes}`, false)
    }
    const hasRoom = this.#waiting.size < maxQueued && this.#waitingBytes + content.length <= maxQueuedBytes
    if (hasRoom || this.#waiting.size === 0) return undefined
    return refuse('as many calls as maxQueued and maxQueuedBytes allow are waiting to be sent', true)
  }

  #enter(call: Call, message: OutgoingMessage): void {
    this.#channel.start()
    if (this.#waiting.size === 0 && this.#write(call, message)) return
    call.message = message
    call.place = 'waiting'
    this.#waiting.add(call)
    this.#waitingBytes += call.bytes
  }

  /** Sends what may be sent now. */
  readonly #pump = (): void => {
    for (const call of this.#waiting) {
      if (call.message === undefined || !this.#write(call, call.message)) return
    }
  }

  /** @returns `false` when it has to wait */
  #write(call: Call, message: OutgoingMessage): boolean {
    const { publishLane, settings } = this.#internals
    if (publishLane.state === 'blocked' || this.#awaited.size >= settings.maxInFlight) return false
    const written = this.#channel.write(call, message)
    if (written === 'later') return false
    this.#leave(call)
    if (written === 'written') this.#written(call, message)
    else call.fail(written)
    return true
  }

  #written(call: Call, message: OutgoingMessage): void {
    call.place = 'in flight'
    call.sentAt = performance.now()
    this.#awaited.set(call.correlationId, call)
    this.#attendance.await()
    // Last: whoever is told may call in turn.
    tell('published', this.#internals.name, message)
  }

  #leave(call: Call): void {
    if (this.#waiting.delete(call)) this.#waitingBytes -= call.bytes
    call.message = undefined
  }

  readonly #onSettled = (call: Call): void => {
    this.#open.delete(call)
    this.#leave(call)
    this.#ended.add(call.correlationId)
    if (this.#awaited.delete(call.correlationId) !== undefined) {
      if (this.#awaited.size === 0) this.#attendance.rest()
      if (this.#waiting.size > 0) queueMicrotask(() => this.#pump())
    }
    this.#inHand.end()
  }

  #onReply(reply: ReceivedMessage): void {
    const { correlationId } = reply.properties
    const call = correlationId === undefined ? undefined : this.#awaited.get(correlationId)
    if (call === undefined) {
      if (correlationId !== undefined && this.#ended.has(correlationId)) this.#late += 1
      else this.#unknown += 1
      return
    }
    this.#lastReplyAt = new Date()
    this.#attendance.seen()
    this.#clockGap.seen(reply.properties.timestamp, performance.now() - call.sentAt)
    call.succeed(reply)
  }

  #onAbsent(reason: AbsenceReason, before: number): void {
    for (const call of [...this.#awaited.values()]) {
      if (call.sentAt <= before) call.fail(new RpcNoResponderError(this.#name, reason))
    }
  }

  /** Its replies are lost with it, whether or not the requests were handled. */
  #onLost(reason: LeveretError): void {
    if (this.#awaited.size === 0) return
    // A missing right is no accident: the next call would fare alike.
    const isRefused = reason instanceof BrokerError && reason.replyCode === 403
    const why = `The channel of the call to '${this.#name}' was lost; the request may have been handled: ${reason.message}`
    for (const call of [...this.#awaited.values()]) {
      call.fail(isRefused ? reason : new ConnectionError('lost', why, { cause: reason }))
    }
  }

  #timeoutOf({ place, timeoutMs }: Call): RpcTimeoutError {
    if (place === 'in flight') return new RpcTimeoutError(this.#name, timeoutMs, 'unknown', this.#clockGap.why)
    const full =
      this.#channel.isAttached === true ? 'as many calls as maxInFlight allows have no answer yet' : undefined
    const why = this.#internals.publishLane.why ?? this.#channel.why ?? full
    return new RpcTimeoutError(this.#name, timeoutMs, 'not-sent', why)
  }
}
