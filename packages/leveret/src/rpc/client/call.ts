import type { AsyncResource } from 'node:async_hooks'
import type { Due } from '../../async/deadlines.js'
import { onAbort } from '../../async/on-abort.js'
import type { OutgoingMessage, ReceivedMessage } from '../../message/message.js'

/** How long a call may take, what else ends it, and what its reply says. */
export interface CallTerms {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** Reads its reply, at once or later. What it throws or rejects with, the call fails with. */
  read(reply: ReceivedMessage): unknown
}

/** What a call needs of its client. */
interface CallParts extends CallTerms {
  /** Nobody who has not seen the request can answer under it. */
  readonly correlationId: string
  /** It has settled, with or without a reply. */
  settled(call: Call): void
}

/** One call, from `begin` until its reply is there or will not be. */
export class Call implements Due {
  readonly correlationId: string
  /** When nobody waits any more, in milliseconds of `performance.now()`. */
  readonly dueAt: number
  readonly timeoutMs: number
  /** What its reply says. Rejects with what it fails with. */
  readonly result: Promise<unknown>
  /** `in flight`: handed to amqplib. From then on silence means that it may have been handled. */
  place: 'new' | 'waiting' | 'in flight' = 'new'
  /** Its request, until it has settled. */
  message: OutgoingMessage | undefined
  bagged: number | undefined
  /** In which its request is written, where a tracer of another library may look for its caller's. */
  context: AsyncResource | undefined
  /** In milliseconds of `performance.now()`. */
  sentAt = 0
  /** Called once, when it has been accepted or has failed before. */
  whenSent: ((error: unknown) => void) | undefined
  readonly #read: CallTerms['read']
  readonly #settled: (call: Call) => void
  readonly #callOff: (() => void) | undefined
  #isSettled = false
  #isAccepted = false
  #failure: { readonly error: unknown } | undefined
  /** Who waits for its being accepted. */
  #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined
  #resolve!: (result: unknown) => void
  #reject!: (error: unknown) => void

  constructor({ correlationId, timeoutMs, signal, read, settled }: CallParts) {
    this.correlationId = correlationId
    this.timeoutMs = timeoutMs
    this.dueAt = performance.now() + timeoutMs
    this.#read = read
    this.#settled = settled
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (signal !== undefined) this.#callOff = onAbort(signal, () => this.fail(signal.reason))
  }

  /** Size of the content. */
  get bytes(): number {
    return this.message?.content.length ?? 0
  }

  /** What it failed with, if it did. */
  get error(): unknown {
    return this.#failure?.error
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** It has been written or, where the client asks for that, the broker has confirmed it. */
  accept(): void {
    if (this.#isAccepted) return
    this.#isAccepted = true
    this.#waiting?.resolve()
    this.whenSent?.(undefined)
  }

  /** Resolves when it was accepted, or the reply shows that it was. @throws what the call fails with before */
  async whenAccepted(): Promise<void> {
    if (this.#isAccepted) return
    if (this.#failure !== undefined) throw this.#failure.error
    await new Promise<void>((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  succeed(reply: ReceivedMessage): void {
    if (this.#isSettled) return
    this.#end()
    this.accept()
    try {
      this.#resolve(this.#read(reply))
    } catch (error) {
      this.#reject(error)
    }
  }

  /** Only the first reason counts. */
  fail(error: unknown): void {
    if (this.#isSettled) return
    this.#end()
    this.#failure = { error }
    this.#waiting?.reject(error)
    this.#reject(error)
    if (!this.#isAccepted) this.whenSent?.(error)
  }

  #end(): void {
    this.#isSettled = true
    this.#callOff?.()
    this.#settled(this)
  }
}
