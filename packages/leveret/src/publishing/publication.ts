import type { QueueDeclaration } from '../connection/channel.js'
import type { OutgoingMessage } from '../connection/message.js'
import { type LeveretError, PublishError, type PublishOutcome } from '../errors.js'

/** What must exist before a message can be sent. Told apart by identity: the same list is declared once. */
export type Topology = readonly QueueDeclaration[]

/** A message on its way, from `submit` until its promise settles. */
export class Publication {
  readonly message: OutgoingMessage
  readonly topology: Topology
  /** In milliseconds of `performance.now()`. `Infinity`: until it succeeds or its signal is aborted. */
  readonly deadline: number
  readonly settled: Promise<void>
  /** It awaits its confirm on the current channel; otherwise it waits for its turn. */
  inFlight = false
  /** The broker gave it back; its confirm follows. */
  returnedBecause: string | undefined
  #handedOver = false
  #isSettled = false
  #resolve!: () => void
  #reject!: (error: Error) => void

  constructor(message: OutgoingMessage, topology: Topology, deadline: number) {
    this.message = message
    this.topology = topology
    this.deadline = deadline
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  get bytes(): number {
    return this.message.content.length
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** It was given to amqplib, which may have sent it. From now on silence means `unknown`. */
  handOver(): void {
    this.#handedOver = true
    this.inFlight = true
    this.returnedBecause = undefined
  }

  succeed(): void {
    this.#isSettled = true
    this.#resolve()
  }

  /** Fails with what is known: nothing reached the broker, or nobody can tell. */
  giveUp(why: string, cause?: unknown): void {
    this.fail(this.#handedOver ? 'unknown' : 'not-sent', why, { cause })
  }

  /** What it needs may not be declared. The first time that is all there is to say; later it may have been stored before. */
  refuse(error: LeveretError): void {
    if (this.#handedOver) this.fail('unknown', error.message, { cause: error, retryable: false })
    else this.#settleWith(error)
  }

  fail(outcome: PublishOutcome, why: string, options?: { cause?: unknown; retryable?: boolean }): void {
    const { exchange, routingKey, properties } = this.message
    this.#settleWith(new PublishError(outcome, { exchange, routingKey, messageId: properties.messageId }, why, options))
  }

  #settleWith(error: Error): void {
    this.#isSettled = true
    this.#reject(error)
  }
}
