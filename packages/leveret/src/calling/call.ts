import { randomUUID } from 'node:crypto'
import type { OutgoingMessage, ReceivedMessage } from '../connection/message.js'
import { onAbort } from '../signals.js'

/** How long a call may take, and what else ends it. */
export interface CallTerms {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** Its time is up. Must fail it. */
  late(call: Call): void
  /** It has settled, with or without a reply. */
  settled(call: Call): void
}

/** One call, from `begin` until its reply is there or will not be. */
export class Call {
  /** Nobody who has not seen the request can answer under it. */
  readonly correlationId = randomUUID()
  /** When nobody waits any more, in milliseconds since 1970: the server's clock is another one. */
  readonly deadline: number
  readonly timeoutMs: number
  readonly reply: Promise<ReceivedMessage>
  /** Resolves when the broker has the request, or the reply shows that it had. */
  readonly confirmed: Promise<void>
  /** `in flight`: handed to amqplib. From then on silence means that it may have been handled. */
  place: 'new' | 'waiting' | 'in flight' = 'new'
  /** Until it is written. */
  message: OutgoingMessage | undefined
  /** In milliseconds of `performance.now()`. */
  sentAt = 0
  readonly #end: () => void
  #isSettled = false
  #resolve!: (reply: ReceivedMessage) => void
  #reject!: (error: unknown) => void
  #confirm!: () => void
  #refuse!: (error: unknown) => void

  constructor({ timeoutMs, signal, late, settled }: CallTerms) {
    this.timeoutMs = timeoutMs
    this.deadline = Date.now() + timeoutMs
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.confirmed = new Promise((resolve, reject) => {
      this.#confirm = resolve
      this.#refuse = reject
    })
    // Whoever called waits for one of them at a time.
    this.reply.catch(() => undefined)
    this.confirmed.catch(() => undefined)
    const timer = setTimeout(() => late(this), timeoutMs)
    const callOff = signal === undefined ? undefined : onAbort(signal, () => this.fail(signal.reason))
    this.#end = () => {
      clearTimeout(timer)
      callOff?.()
      settled(this)
    }
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Content that waits to be written. */
  get bytes(): number {
    return this.message?.content.length ?? 0
  }

  confirm(): void {
    this.#confirm()
  }

  succeed(reply: ReceivedMessage): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#end()
    this.#confirm()
    this.#resolve(reply)
  }

  /** Only the first reason counts. */
  fail(error: unknown): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#end()
    this.#refuse(error)
    this.#reject(error)
  }
}
