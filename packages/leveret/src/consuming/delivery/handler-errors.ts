import type { UnknownPolicy } from '../../contract/queues/subscription.js'
import { givenAs } from '../../errors/given.js'
import { MARK } from '../../errors/marks.js'
import { OptionsError } from '../../errors/options-error.js'
import { ladderStepMs } from '../../topology/delay-ladder.js'

/** Ends a delivery at once when a handler throws it, whatever attempts are left: the message is dead-lettered. */
export class Reject extends Error {
  override readonly name = 'Reject'

  /** @param reason - kept with the dead letter */
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options)
  }

  /** @internal */
  get [MARK](): 'reject' {
    return 'reject'
  }
}

/** Options of {@link Retry}. */
export interface RetryAfter {
  /**
   * The least time until the next attempt, in milliseconds, from 0 to 86,400,000 (24 hours). It is rounded up to one of
   * these delays: 1 s, 2 s, 5 s, 10 s, 30 s, 1 min, 5 min, 15 min, 1 h, 6 h, 24 h.
   */
  readonly afterMs: number
  /**
   * The reason: the message of the error, which events and dead letters contain.
   * @defaultValue `to be tried again after … ms`
   */
  readonly reason?: string | undefined
  /** The error that caused this one. @defaultValue none */
  readonly cause?: unknown
}

/**
 * Fails an attempt when a handler throws it, and chooses the delay until the next. It counts like any failed attempt.
 *
 * Throw it from a codec that cannot answer for now, for example because it asks a key service that is down. What was
 * received is then tried again, as if its handler had thrown it. What was to be sent is not sent, and the caller gets a
 * `PayloadError` that is `retryable`.
 *
 * With native retry the queue alone sets the delays, and `afterMs` changes nothing.
 */
export class Retry extends Error {
  override readonly name = 'Retry'
  readonly afterMs: number

  /** @throws {@link OptionsError} `afterMs` is no number, less than 0, or more than 24 hours */
  constructor(options: RetryAfter) {
    const { afterMs, reason, cause } = Object(options) as typeof options
    super(reason ?? `the handler asked for another attempt after ${afterMs} ms`, { cause })
    if (!Number.isFinite(afterMs))
      throw new OptionsError(
        `Retry: expected { afterMs }, a number of milliseconds, and afterMs is ${givenAs(afterMs)}`,
      )
    this.afterMs = ladderStepMs(afterMs)
  }

  /** @internal */
  get [MARK](): 'retry' {
    return 'retry'
  }
}

/** The handler, or the reading of its payload, did not settle in time. A later result is dropped. */
export class HandlerTimeout extends Error {
  override readonly name = 'HandlerTimeout'

  constructor(handlerTimeoutMs: number, what = 'the handler had not finished') {
    super(`${what} after ${handlerTimeoutMs} ms`)
  }
}

/** A message that the contract does not know. */
export class UnknownMessage extends Error {
  override readonly name = 'UnknownMessage'

  readonly policy: UnknownPolicy

  /** @param policy - what happens to the message */
  constructor(message: string, policy: UnknownPolicy) {
    super(message)
    this.policy = policy
  }
}
