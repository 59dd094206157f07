import type { AsyncResource } from 'node:async_hooks'
import type { Due } from '../../async/deadlines.js'
import { onAbort } from '../../async/on-abort.js'
import type { OutgoingMessage, ReceivedMessage } from '../../message/message.js'

/** One call, from `begin` until it settles. */
export class Call implements Due {
  readonly correlationId: string
  /** The end of its time, by `performance.now()`. */
  readonly dueAt: number
  readonly timeoutMs: number
  /** The result in the reply. Rejects with the error that ended the call. */
  readonly result: Promise<unknown>
  /** `in flight`: written to the channel. From then on, a request without a reply may have been handled. */
  place: 'new' | 'waiting' | 'in flight' = 'new'
  /** The request, until the call settles. */
  message: OutgoingMessage | undefined
  setIndex: number | undefined
  /** The async context of the caller, in which the request is written if another library's tracer may need it. */
  context: AsyncResource | undefined
  /** The time at which the request was written, by `performance.now()`. */
  sentAt = 0
  /** Called once, when it has been accepted or has failed before. */
  whenSent: ((error: unknown) => void) | undefined
  readonly #read: CallTerms['read']
  readonly #settled: (call: Call) => void
  readonly #callOff: (() => void) | undefined
  #isSettled = false
  #isAccepted = false
  #failure: { readonly error: unknown } | undefined
  /** The callbacks of a promise for {@link accept}. */
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

  /** The size of the content. */
  get bytes(): number {
    return this.message?.content.length ?? 0
  }

  /** The error of the call, if it failed. */
  get error(): unknown {
    return this.#failure?.error
  }

  get isSettled(): boolean {
    return this.#isSettled
  }

  /** Notes that the request was written or, if the client wants confirms, that the broker has confirmed it. */
  accept(): void {
    if (this.#isAccepted) return
    this.#isAccepted = true
    this.#waiting?.resolve()
    this.whenSent?.(undefined)
  }

  /**
   * Resolves when the request was accepted, or when a reply shows that.
   * @throws the error with which the call failed before
   */
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

  /** Fails the call. Only the first error counts. */
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

/** The time limit of a call, its signal, and the function that reads its reply. */
export interface CallTerms {
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** Reads the reply, at once or later. If it throws or rejects, the call fails with that error. */
  read(reply: ReceivedMessage): unknown
}

/** Options of {@link Call}. */
interface CallParts extends CallTerms {
  /** The id under which the reply comes. Only a receiver of the request can know it. */
  readonly correlationId: string
  /** Called when the call has settled, with or without a reply. */
  settled(call: Call): void
}
