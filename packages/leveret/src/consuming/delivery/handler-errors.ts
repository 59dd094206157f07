import type { UnknownPolicy } from '../../contract/queues/subscription.js'
import { OptionsError } from '../../errors/errors.js'
import { givenAs } from '../../errors/given.js'
import { MARK } from '../../errors/marks.js'
import { ladderStepMs } from '../../topology/delay-ladder.js'

/** Throw it from a handler to give up on a delivery at once, whatever attempts are left. It is dead-lettered. */
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

/** When a delivery is tried again, and why. */
export interface RetryAfter {
  /**
   * The least time until the next attempt, in milliseconds, from 0 to 86,400,000 (24 hours). It becomes the next step of 1 s, 2 s, 5 s, 10 s, 30 s,
   * 1 min, 5 min, 15 min, 1 h, 6 h, 24 h.
   */
  readonly afterMs: number
  /** Why: the message of the error, which events and dead letters have. @defaultValue `to be tried again after … ms` */
  readonly reason?: string | undefined
  /** The error that it comes from. @defaultValue none */
  readonly cause?: unknown
}

/**
 * Throw it from a handler to fail an attempt and choose when the next is made. It counts like any failed attempt.
 *
 * With native retry the pauses are the queue's own and `afterMs` changes nothing: it is a failed attempt like any other.
 */
export class Retry extends Error {
  override readonly name = 'Retry'
  readonly afterMs: number

  /** @throws {@link OptionsError} `afterMs` is no number, less than 0, or more than 24 hours */
  constructor(options: RetryAfter) {
    const { afterMs, reason, cause } = Object(options) as typeof options
    super(reason ?? `to be tried again after ${afterMs} ms`, { cause })
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

/** The handler did not settle in time. Its result, should there still be one, is dropped. */
export class HandlerTimeout extends Error {
  override readonly name = 'HandlerTimeout'

  constructor(handlerTimeoutMs: number) {
    super(`the handler had not finished after ${handlerTimeoutMs} ms`)
  }
}

/** A message came that the contract does not know. */
export class UnknownMessage extends Error {
  override readonly name = 'UnknownMessage'

  readonly policy: UnknownPolicy

  /** @param policy - what becomes of it */
  constructor(message: string, policy: UnknownPolicy) {
    super(message)
    this.policy = policy
  }
}
