import type { OutgoingMessage, ReceivedMessage } from '../connection/message.js'
import type { Due } from '../deadlines.js'
import { onAbort } from '../signals.js'

/** How long a call may take, and what else ends it. */
export interface CallTerms {
  /** Nobody who has not seen the request can answer under it. */
  readonly correlationId: string
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** It has settled, with or without a reply. */
  settled(call: Call): void
}

/** One call, from `begin` until its reply is there or will not be. */
export class Call implements Due {
  readonly correlationId: string
  /** When nobody waits any more, in milliseconds of `performance.now()`. */
  readonly dueAt: number
  readonly timeoutMs: number
  readonly reply: Promise<ReceivedMessage>
  /** `in flight`: handed to amqplib. From then on silence means that it may have been handled. */
  place: 'new' | 'waiting' | 'in flight' = 'new'
  /** Its request, until it has settled. */
  message: OutgoingMessage | undefined
  bagged: number | undefined
  /** In milliseconds of `performance.now()`. */
  sentAt = 0
  readonly #settled: (call: Call) => void
  readonly #callOff: (() => void) | undefined
  #isSettled = false
  #isAccepted = false
  #onAccepted: (() => void) | undefined
  #resolve!: (reply: ReceivedMessage) => void
  #reject!: (error: unknown) => void

  constructor({ correlationId, timeoutMs, signal, settled }: CallTerms) {
    this.correlationId = correlationId
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

  /** Size of the content. */
  get bytes(): number {
    return this.message?.content.length ?? 0
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** It has been written or, where the client asks for that, the broker has confirmed it. */
  accept(): void {
    this.#isAccepted = true
    this.#onAccepted?.()
  }

  /** Resolves when it was accepted, or the reply shows that it was. @throws what the call fails with before */
  async whenAccepted(): Promise<void> {
    if (this.#isAccepted) return
    const accepted = new Promise<void>((resolve) => {
      this.#onAccepted = resolve
    })
    await Promise.race([accepted, this.reply])
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
