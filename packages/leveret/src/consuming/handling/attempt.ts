import { isLater, isThenable, type MaybePromise } from '../../async/maybe-promise.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { ManuallySettledDelivery } from '../delivery/manual-delivery.js'
import type { ReturnMemory } from '../delivery/return-memory.js'
import type { ReportedDelivery } from '../delivery/role-events.js'
import { countedVerdict, type Verdict } from '../delivery/verdict.js'
import { type DeadlineOptions, withinDeadline } from './deadline.js'
import type { Deduplicator } from './deduplication.js'
import type { Call } from './handler-call.js'

/** Makes one attempt at one delivery. Returns no promise when the attempt ends at once. Never throws or rejects. */
export type Attempt<Payload, D extends ActiveDelivery = ActiveDelivery> = (
  payload: Payload,
  delivery: D,
) => MaybePromise<Verdict>

/** An attempt whose errors have not been judged, and whose time is not limited. */
export type Work<Payload, D extends ActiveDelivery = ActiveDelivery> = Attempt<Payload, D>

/** Decides about the error that ended an attempt. */
export type Judge = (thrown: unknown, attempt: number) => Verdict

const ACK: Verdict = { do: 'ack' }
const SKIP: Verdict = { do: 'skip' }
const GIVE_BACK: Verdict = { do: 'give-back' }

/** Makes the work of a handler whose return acknowledges the delivery. */
export function returning<Payload, D extends ActiveDelivery>(call: Call<Payload, D>): Work<Payload, D> {
  return (payload, delivery) => {
    const result = call(payload, delivery)
    // A value that is no promise means that the work has ended. Any thenable is awaited.
    return isThenable(result) ? ended(result) : ACK
  }
}

async function ended(result: PromiseLike<unknown>): Promise<Verdict> {
  await result
  return ACK
}

/**
 * Makes the work of a handler that settles the delivery itself. It may decide after it has returned, and continue after
 * it has decided.
 */
export function manual<Payload>(
  call: Call<Payload, ManuallySettledDelivery>,
  judge: Judge,
  late: Bounds['late'],
): Work<Payload, ManuallySettledDelivery> {
  return async (payload, delivery) => {
    const called = (async () => {
      await call(payload, delivery)
    })()
    delivery.handler = called
    const failed = new Promise<never>((_resolve, reject) => {
      const ended = (): void => {
        delivery.handler = undefined
      }
      called.then(ended, (error: unknown) => {
        ended()
        if (delivery.hasDecided && delivery.takeLate()) late(delivery, { thrown: error })
        reject(error)
      })
    })
    const decision = await Promise.race([delivery.decision, failed])
    return decision.do === 'fail' ? judge(decision.thrown, delivery.attempt) : decision
  }
}

/** Skips a message that this process has done, even if it was done while this delivery waited for its slot. */
export function unlessDone<Payload, D extends ActiveDelivery>(
  attempt: Attempt<Payload, D>,
  memory: ReturnMemory,
): Attempt<Payload, D> {
  return (payload, delivery) => {
    const { message, channel } = delivery
    if (!memory.takeDone(message)) return attempt(payload, delivery)
    // This ack, too, may be lost with its channel.
    channel.rememberDone(message)
    return SKIP
  }
}

/**
 * Skips a message that has been done. The store's `begin` counts as time of the attempt, and its `done` does not, so a
 * successful attempt stays successful when the store is slow. A handler that is late keeps its key until it has ended.
 */
export function once<Payload, D extends ActiveDelivery>(
  work: Work<Payload, D>,
  deduplicator: Deduplicator,
  bound: (work: Work<Payload, D>) => Attempt<Payload, D>,
): Attempt<Payload, D> {
  return async (payload, delivery) => {
    let ending: Promise<void> | undefined
    const attempt = bound(async () => {
      const begun = await deduplicator.begin(delivery)
      if (begun.do !== 'handle') return begun
      let verdict: Verdict | undefined
      try {
        if (delivery.end !== undefined) throw delivery.end.reason
        verdict = await work(payload, delivery)
        return verdict
      } finally {
        ending = deduplicator.end(begun, delivery.mayHaveStopped ? undefined : verdict)
      }
    })
    const verdict = await attempt(payload, delivery)
    await ending
    return verdict
  }
}

/** The time limit of an attempt, and callbacks for attempts that exceed it. */
export interface Bounds {
  /** The time of an attempt. With no time left, the attempt does not begin. */
  timeoutMs(delivery: ActiveDelivery): number
  /** Reports that a handler was given up, and still runs. */
  givenUp(): void
  /** Reports that a handler which was given up has ended. */
  endedAtLast(): void
  /**
   * Reports a handler that ended after its time was up, or failed after it had settled. Called once for each delivery.
   *
   * @param failed - the error with which the handler failed after it had settled
   */
  late(delivery: ReportedDelivery, failed?: { readonly thrown: unknown }): void
}

/** Limits the time of an attempt, judges the error that ended it, and decides whether its result counts. */
export function bounded<Payload, D extends ActiveDelivery>(
  work: Work<Payload, D>,
  judge: Judge,
  bounds: Bounds,
): Attempt<Payload, D> {
  const counted = (verdict: Verdict, delivery: D): Verdict => {
    if (isDoneUnheard(verdict, delivery)) delivery.channel.rememberDone(delivery.message)
    // The handler finished its work in the second of grace after its signal was aborted.
    if (verdict.do === 'ack' && delivery.end?.how === 'late' && delivery.takeLate()) bounds.late(delivery)
    return countedVerdict(verdict, delivery, judge)
  }
  const failed = (thrown: unknown, delivery: D): Verdict => counted(judge(thrown, delivery.attempt), delivery)
  const inTime = (working: Promise<Verdict>, delivery: D, timeoutMs: number): Promise<Verdict> => {
    const running = delivery.mayOutlive ? () => delivery.handler : () => working
    const options = deadlineOf(delivery, timeoutMs, bounds, running)
    const first = delivery.mayOutlive ? untilDecided(working, delivery, options) : withinDeadline(working, options)
    return first.then(
      (verdict) => counted(verdict, delivery),
      (thrown: unknown) => failed(thrown, delivery),
    )
  }
  return (payload, delivery) => {
    const timeoutMs = bounds.timeoutMs(delivery)
    if (timeoutMs <= 0) return SKIP
    delivery.begin(timeoutMs)
    try {
      const working = work(payload, delivery)
      return isLater(working) ? inTime(working, delivery, timeoutMs) : counted(working, delivery)
    } catch (thrown) {
      return failed(thrown, delivery)
    }
  }
}

/**
 * Whether the work is done, and the broker may never process its ack: the handler took long, or the channel is lost.
 */
function isDoneUnheard(verdict: Verdict, { end, hasTakenLong, mayHaveStopped }: ActiveDelivery): boolean {
  if (verdict.do !== 'ack') return false
  return end === undefined ? hasTakenLong : end.how === 'lost' && !mayHaveStopped
}

/**
 * @param running - returns the promise that is pending when the time is up; `undefined` when the handler has returned
 *   and only its decision is missing
 */
function deadlineOf(
  delivery: ActiveDelivery,
  timeoutMs: number,
  bounds: Bounds,
  running: () => Promise<unknown> | undefined,
): DeadlineOptions {
  const ended = (): void => {
    bounds.endedAtLast()
    if (delivery.takeLate()) bounds.late(delivery)
  }
  return {
    timeoutMs,
    abort: (reason) => delivery.abort('late', reason),
    givenUp: () => {
      const hung = running()
      if (hung === undefined) return
      bounds.givenUp()
      hung.then(ended, ended)
    },
  }
}

/**
 * Settles with the handler's decision. The time limit holds for the decision, and for the handler, which may continue
 * after it.
 */
function untilDecided(working: Promise<Verdict>, delivery: ActiveDelivery, options: DeadlineOptions): Promise<Verdict> {
  const ended = async (): Promise<Verdict> => {
    const verdict = await working
    await delivery.handler
    return verdict
  }
  const whole = withinDeadline(ended(), options)
  delivery.handled = whole.then(
    () => undefined,
    () => undefined,
  )
  return Promise.race([working, whole])
}

/** Makes work at most once: the broker has processed the ack before the handler begins. */
export function acknowledgedFirst<Payload>(work: Work<Payload>): Work<Payload> {
  return async (payload, delivery) => ((await delivery.acknowledgeFirst()) ? await work(payload, delivery) : GIVE_BACK)
}
