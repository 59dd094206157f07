import type { AsyncResource } from 'node:async_hooks'
import type { SenderShare } from '../../connection/queued-messages.js'
import type { FailureOptions, LeveretError } from '../../errors/leveret-error.js'
import type { PublishOutcome } from '../../errors/publish-error.js'
import { publishError } from '../../errors/publish-failures.js'
import type { OutgoingMessage } from '../../message/message.js'
import { describeRefusal } from './loss.js'
import type { PublishRequest, Sent, Topology } from './request.js'
import type { SenderLine } from './turns.js'

/** A message being published, from `submit` until its promise settles. */
export class Publication {
  readonly message: OutgoingMessage
  readonly topology: Topology
  /** The line in which it waits, and the share of the waiting messages that it counts for. */
  readonly line: SenderLine
  readonly share: SenderShare
  readonly bytes: number
  /**
   * Called if no queue takes the message. If the request has this callback, the publication then succeeds all the same.
   */
  readonly whenReturned: PublishRequest['whenReturned']
  /**
   * Deadline, as a time of `performance.now()`. With `Infinity` the message waits until it succeeds or its signal is
   * aborted.
   */
  readonly deadline: number
  readonly settled: Promise<Sent>
  /** Context in which it is written, where a tracer of another library may look for that of the sender. */
  context: AsyncResource | undefined
  /**
   * How often the message was passed to amqplib, which may have sent it each time. After the first time, no answer
   * means `unknown`.
   */
  handedOver = 0
  /** Time of the last pass, as a time of `performance.now()`. */
  handedOverAt = 0
  /**
   * Place of the message. `in flight`: amqplib has its bytes, and the broker will answer unless the channel ends first.
   * Before that it is `waiting`, unless it is `new` and written at once; afterwards `answered`.
   */
  place: 'new' | 'waiting' | 'in flight' | 'answered' = 'new'
  /** Reason why the broker returned the message; its confirm follows. */
  returnedBecause: string | undefined
  /** How often the broker has denied the message. */
  denials = 0
  /** Whether another message of the same id may be in flight. */
  mayHaveTwin: boolean
  /** Whether the broker may have closed the channel over it. */
  isSuspect = false
  isSettled = false
  #denial: LeveretError | undefined
  /** Called once the message has settled, just before its promise does. */
  whenSettled: ((error: LeveretError | undefined) => void) | undefined
  readonly #request: PublishRequest
  readonly #onSettled: OnSettled
  #resolve!: (sent: Sent) => void
  #reject!: (error: Error) => void

  constructor(request: PublishRequest, deadline: number, onSettled: OnSettled) {
    this.#request = request
    this.message = request.message
    this.topology = request.topology
    this.line = request.line
    this.share = request.share
    this.bytes = request.message.content.length
    this.whenReturned = request.whenReturned
    this.mayHaveTwin = request.hasNewId !== true
    this.deadline = deadline
    this.#onSettled = onSettled
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Describes that the time is up, and what to do. */
  get lateness(): string {
    const within = `within ${this.#request.timeoutMs} ms`
    if (this.handedOver === 0) return `sending was not possible ${within}`
    return `no confirm came ${within}; send it again under the same messageId`
  }

  handOver(): void {
    this.handedOver += 1
    this.handedOverAt = performance.now()
    this.place = 'in flight'
    this.mayHaveTwin = true
    this.returnedBecause = undefined
    const { trace } = this.#request
    if (trace !== undefined) trace.written = this.handedOver
  }

  /** Marks it as one over which the broker may have closed the channel. */
  suspected(): this {
    this.isSuspect = true
    return this
  }

  succeed(): void {
    if (this.isSettled) return
    this.isSettled = true
    this.#onSettled(this, undefined)
    this.#resolve({ messageId: this.message.properties.messageId })
  }

  /** Ends a message that no queue took, after its confirm: it fails, unless the request has a `whenReturned`. */
  endReturned(why: string): void {
    const isSure = this.handedOver - this.denials === 1
    if (this.whenReturned !== undefined) {
      this.whenReturned(isSure)
      this.succeed()
    } else if (isSure) this.fail('returned', why)
    else this.fail('unknown', `it was returned when it was sent again: ${why}. The copy sent before may be stored`)
  }

  /** Records that the broker denied the message and stored nothing. The message waits, to be sent again. */
  deny(reason: LeveretError): void {
    this.place = 'waiting'
    this.denials += 1
    this.#denial = reason
  }

  /**
   * Fails with the most precise outcome that is known: `refused` if every send was denied, `unknown` after any other
   * send, else `not-sent`.
   */
  giveUp(why: string, options?: FailureOptions): void {
    if (this.#denial !== undefined && this.denials === this.handedOver) {
      this.fail('refused', `${why}: ${describeRefusal(this.#denial)}`, { cause: this.#denial, retryable: true })
      return
    }
    this.fail(this.handedOver > 0 ? 'unknown' : 'not-sent', why, options)
  }

  /** Fails because its topology was refused. If an earlier send may have been stored, the outcome is `unknown`. */
  refuse(error: LeveretError): void {
    if (this.handedOver > this.denials) this.fail('unknown', error.message, { cause: error, retryable: false })
    else this.#settleWith(error)
  }

  fail(outcome: PublishOutcome, why: string, options?: FailureOptions): void {
    this.#settleWith(publishError(outcome, this.message, why, options))
  }

  /** Only the first end counts: a callback of one message may abort others, or the same one. */
  #settleWith(error: LeveretError): void {
    if (this.isSettled) return
    this.isSettled = true
    this.#onSettled(this, error)
    this.#reject(error)
  }
}

/** Called once when a publication has settled; without an error it was confirmed. */
export type OnSettled = (publication: Publication, error: LeveretError | undefined) => void
