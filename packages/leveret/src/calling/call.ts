import { randomUUID } from 'node:crypto'
import type { OutgoingMessage, ReceivedMessage } from '../connection/message.js'
import type { Due } from '../deadlines.js'
import { onAbort } from '../signals.js'

/** How long a call may take, and what else ends it. */
export interface CallTerms {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** It has settled, with or without a reply. */
  settled(call: Call): void
}

/** One call, from `begin` until its reply is there or will not be. */
export class Call implements Due {
  /** Nobody who has not seen the request can answer under it. */
  readonly correlationId = randomUUID()
  /** When nobody waits any more, in milliseconds of `performance.now()`. */
  readonly dueAt: number
  readonly timeoutMs: number
  readonly reply: Promise<ReceivedMessage>
  /** `in flight`: handed to amqplib. From then on silence means that it may have been handled. */
  place: 'new' | 'waiting' | 'in flight' = 'new'
  /** Until it is written. */
  message: OutgoingMessage | undefined
  bagged: number | undefined
  /** In milliseconds of `performance.now()`. */
  sentAt = 0
  readonly #settled: (call: Call) => void
  readonly #callOff: (() => void) | undefined
  #isSettled = false
  #isConfirmed = false
  #onConfirmed: (() => void) | undefined
  #resolve!: (reply: ReceivedMessage) => void
  #reject!: (error: unknown) => void

  constructor({ timeoutMs, signal, settled }: CallTerms) {
    this.timeoutMs = timeoutMs
    this.dueAt = performance.now() + timeoutMs
    this.#settled = settled
    this.reply = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // Whoever called may wait for something else first.
    this.reply.catch(() => undefined)
    if (signal !== undefined) this.#callOff = onAbort(signal, () => this.fail(signal.reason))
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Content that waits to be written. */
  get bytes(): number {
    return this.message?.content.length ?? 0
  }

  /** The broker has the request. */
  confirm(): void {
    this.#isConfirmed = true
    this.#onConfirmed?.()
  }

  /** Resolves when the broker has the request, or the reply shows that it had. @throws what the call fails with before */
  async whenConfirmed(): Promise<void> {
    if (this.#isConfirmed) return
    const confirmed = new Promise<void>((resolve) => {
      this.#onConfirmed = resolve
    })
    await Promise.race([confirmed, this.reply])
  }

  succeed(reply: ReceivedMessage): void {
    if (this.#isSettled) return
    this.#end()
    this.#resolve(reply)
  }

  /** Only the first reason counts. */
  fail(error: unknown): void {
    if (this.#isSettled) return
    this.#end()
    this.#reject(error)
  }

  #end(): void {
    this.#isSettled = true
    this.#callOff?.()
    this.#settled(this)
  }
}
