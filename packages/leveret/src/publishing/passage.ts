import type { Due } from '../async/deadlines.js'
import { onAbort } from '../async/on-abort.js'
import { isLeveretError } from '../errors/leveret-error.js'
import { messageOf } from '../errors/message-of.js'
import type { PublishError } from '../errors/publish-error.js'
import { publishError } from '../errors/publish-failures.js'
import type { OutgoingMessage } from '../message/message.js'
import type { PublishRequest } from './engine/request.js'
import { GivenUp } from './given-up.js'

const NOTHING = (): void => undefined

/** One message on its way through the interceptors. */
export class Passage implements Due {
  setIndex: number | undefined
  readonly dueAt: number
  /** The promise of the submitted message; `undefined` before that. */
  submitted: Promise<void> | undefined
  readonly #request: Terms
  readonly #release: () => void
  readonly #left: (passage: Passage) => void
  #isOver = false
  #resolve: () => void = NOTHING
  #reject: (error: unknown) => void = NOTHING
  #unlisten: () => void = NOTHING

  constructor(request: Terms, release: () => void, left: (passage: Passage) => void) {
    this.#request = request
    this.#release = release
    this.#left = left
    this.dueAt = performance.now() + request.timeoutMs
  }

  /** Submits the message in the time that is left, unless it was given up. */
  submit(submit: (leftMs: number) => Promise<unknown>): Promise<void> {
    const { message } = this.#request
    if (this.#isOver) throw publishError('not-sent', message, 'it was given up before an interceptor called next()')
    this.#release()
    this.submitted = submit(Math.max(Math.ceil(this.dueAt - performance.now()), 1)) as Promise<void>
    return this.submitted
  }

  /** Settles as the work of the interceptors does, unless the message is given up first. */
  settled(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      const { signal } = this.#request
      if (signal?.aborted) this.#onAborted()
      else if (signal !== undefined) this.#unlisten = onAbort(signal, this.#onAborted)
      work.then(this.#succeed, this.giveUp)
    })
  }

  giveUpLate(): void {
    this.giveUp(new GivenUp(`no interceptor called next() within ${this.#request.timeoutMs} ms`, true))
  }

  /** Fails the message. If it was submitted, the broker's answer takes precedence. */
  readonly giveUp = (cause: unknown): void => {
    if (this.#isOver) return
    this.#end()
    const { message } = this.#request
    if (this.submitted === undefined) {
      this.#release()
      this.#reject(cause instanceof GivenUp ? cause.notSent(message) : failedBefore(message, cause))
      return
    }
    // The answer comes in time, because the same limits hold for it.
    this.submitted.then(() => {
      if (cause instanceof GivenUp) this.#resolve()
      else this.#reject(publishError('unknown', message, `it was confirmed, and then ${failureOf(cause)}`, { cause }))
    }, this.#reject)
  }

  readonly #succeed = (): void => {
    if (this.#isOver) return
    this.#end()
    this.#resolve()
  }

  readonly #onAborted = (): void => {
    this.giveUp(new GivenUp('its signal was aborted', true, { cause: this.#request.signal?.reason }))
  }

  #end(): void {
    this.#isOver = true
    this.#unlisten()
    this.#left(this)
  }
}

/** The message of a passage, and how long its sender waits. */
type Terms = Pick<PublishRequest, 'message' | 'timeoutMs' | 'signal'>

function failedBefore(message: OutgoingMessage, cause: unknown): PublishError {
  const retryable = isLeveretError(cause) ? cause.retryable : true
  return publishError('not-sent', message, failureOf(cause), { cause, retryable })
}

function failureOf(cause: unknown): string {
  return `an interceptor failed: ${messageOf(cause)}`
}
