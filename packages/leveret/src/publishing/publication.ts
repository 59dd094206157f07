import type { AsyncResource } from 'node:async_hooks'
import type { Share } from '../connection/room.js'
import type { FailureOptions, LeveretError } from '../errors/leveret-error.js'
import type { PublishOutcome } from '../errors/publish-error.js'
import { publishError } from '../errors/publish-failures.js'
import type { OutgoingMessage } from '../message/message.js'
import { describeRefusal } from './loss.js'
import type { PublishRequest, Sent, Topology } from './request.js'
import type { Line } from './turns.js'

/** A message on its way, from `submit` until its promise settles. */
export class Publication {
  readonly message: OutgoingMessage
  /** In milliseconds of `performance.now()`. `Infinity`: until it succeeds or its signal is aborted. */
  readonly deadline: number
  readonly settled: Promise<Sent>
  /** In which it is written, where a tracer of another library may look for its sender's. */
  context: AsyncResource | undefined
  /** How often it was given to amqplib, which may have sent it each time. From the first on, silence means `unknown`. */
  handedOver = 0
  /** The last time, in milliseconds of `performance.now()`. */
  handedOverAt = 0
  /**
   * `in flight`: its bytes are with amqplib, and the broker will answer, unless the channel ends first. Before that it is
   * `waiting`, afterwards `answered`.
   */
  place: 'waiting' | 'in flight' | 'answered' = 'waiting'
  /** The broker gave it back; its confirm follows. */
  returnedBecause: string | undefined
  /** How often the broker has denied it. */
  denials = 0
  #denial: LeveretError | undefined
  /** Called once it has settled, just before its promise does. */
  whenSettled: ((error: LeveretError | undefined) => void) | undefined
  readonly #request: PublishRequest
  readonly #onSettled: OnSettled
  #isSettled = false
  #resolve!: (sent: Sent) => void
  #reject!: (error: Error) => void

  constructor(request: PublishRequest, deadline: number, onSettled: OnSettled) {
    this.#request = request
    this.message = request.message
    this.deadline = deadline
    this.#onSettled = onSettled
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get topology(): Topology {
    return this.#request.topology
  }

  get line(): Line {
    return this.#request.line
  }

  get share(): Share {
    return this.#request.share
  }

  /** With it a message that no queue takes has succeeded all the same: that is told here. */
  get whenReturned(): PublishRequest['whenReturned'] {
    return this.#request.whenReturned
  }

  get bytes(): number {
    return this.message.content.length
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Whether another one of its id may be in flight. */
  get mayHaveTwin(): boolean {
    return this.#request.hasNewId !== true || this.handedOver > 0
  }

  /** That its time is up, and what to do. */
  get lateness(): string {
    const within = `within ${this.#request.timeoutMs} ms`
    if (this.handedOver === 0) return `it could not be handed over ${within}`
    return `no confirm came ${within}; send it again under the same messageId`
  }

  handOver(): void {
    this.handedOver += 1
    this.handedOverAt = performance.now()
    this.place = 'in flight'
    this.returnedBecause = undefined
    const { trace } = this.#request
    if (trace !== undefined) trace.written = this.handedOver
  }

  succeed(): void {
    if (this.#end(undefined)) this.#resolve({ messageId: this.message.properties.messageId })
  }

  /** The broker let nobody send this, and nothing was stored. It waits, to be sent again. */
  deny(reason: LeveretError): void {
    this.place = 'waiting'
    this.denials += 1
    this.#denial = reason
  }

  /** Fails with what is known: nothing reached the broker, or nobody can tell. */
  giveUp(why: string, options?: FailureOptions): void {
    if (this.#denial !== undefined && this.denials === this.handedOver) {
      this.fail('refused', `${why}: ${describeRefusal(this.#denial)}`, { cause: this.#denial, retryable: true })
      return
    }
    this.fail(this.handedOver > 0 ? 'unknown' : 'not-sent', why, options)
  }

  /** What it needs may not be declared. The first time that is all there is to say; later it may have been stored before. */
  refuse(error: LeveretError): void {
    if (this.handedOver > this.denials) this.fail('unknown', error.message, { cause: error, retryable: false })
    else this.#settleWith(error)
  }

  fail(outcome: PublishOutcome, why: string, options?: FailureOptions): void {
    this.#settleWith(publishError(outcome, this.message, why, options))
  }

  #settleWith(error: LeveretError): void {
    if (this.#end(error)) this.#reject(error)
  }

  /** @returns whether it was the first end: whoever is told of one message may abort others, or this one */
  #end(error: LeveretError | undefined): boolean {
    if (this.#isSettled) return false
    this.#isSettled = true
    this.#onSettled(this, error)
    return true
  }
}

/** Who is told, once, that a publication has settled: without an error it was confirmed. */
export type OnSettled = (publication: Publication, error: LeveretError | undefined) => void
