import { adopt, isNative, isThenable, type MaybePromise } from '../../async/maybe-promise.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { ManuallySettledDelivery } from '../delivery/manual-delivery.js'
import type { ReturnMemory } from '../delivery/return-memory.js'
import type { ReportedDelivery } from '../delivery/role-events.js'
import { countedVerdict, type Verdict } from '../delivery/verdict.js'
import { type DeadlineOptions, limitTime, withinDeadline } from './deadline.js'
import type { Deduplicator } from './deduplication.js'
import type { Call } from './handler-call.js'

/** Makes one attempt at one delivery. Returns no promise when the attempt ends at once. Never throws or rejects. */
export type Attempt<Payload, D extends ActiveDelivery = ActiveDelivery> = (
  payload: Payload,
  delivery: D,
) => MaybePromise<Verdict>

/** The work of an attempt: its errors have not been judged, and its time is not limited. */
export interface Work<Payload, D extends ActiveDelivery = ActiveDelivery> {
  /** Does the work. It may throw, and return a promise of any library. */
  readonly run: (payload: Payload, delivery: D) => unknown
  /** The verdict when the work has ended; `undefined` where its result is the verdict. */
  readonly verdict: Verdict | undefined
}

/** Decides about the error that ended an attempt. */
export type Judge = (thrown: unknown, attempt: number) => Verdict

const ACK: Verdict = { do: 'ack' }
const SKIP: Verdict = { do: 'skip' }
const GIVE_BACK: Verdict = { do: 'give-back' }

/** Makes the work of a handler whose return acknowledges the delivery. */
export function returning<Payload, D extends ActiveDelivery>(call: Call<Payload, D>): Work<Payload, D> {
  return { run: call, verdict: ACK }
}

/** Makes the work whose result is the verdict. */
function deciding<Payload, D extends ActiveDelivery>(
  run: (payload: Payload, delivery: D) => Promise<Verdict>,
): Work<Payload, D> {
  return { run, verdict: undefined }
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
  return deciding(async (payload, delivery) => {
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
  })
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
    const inner = deciding<Payload, D>(async () => {
      const begun = await deduplicator.begin(delivery)
      if (begun.do !== 'handle') return begun
      let verdict: Verdict | undefined
      try {
        if (delivery.end !== undefined) throw delivery.end.reason
        verdict = verdictOf(work, await work.run(payload, delivery))
        return verdict
      } finally {
        ending = deduplicator.end(begun, delivery.mayHaveStopped ? undefined : verdict)
      }
    })
    const verdict = await bound(inner)(payload, delivery)
    await ending
    return verdict
  }
}

/** The time limit of an attempt, and callbacks for attempts that exceed it. */
export interface Bounds {
  readonly handlerTimeoutMs: number
  /** How long the sender still waits, if that is known. With no time left, the attempt does not begin. */
  readonly timeLeftMs: ((delivery: ActiveDelivery) => number) | undefined
  /** Remembers which deliveries are done, where they are not to be handled again. */
  readonly memory: ReturnMemory | undefined
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

/**
 * Limits the time of an attempt, judges the error that ended it, and decides whether its result counts. Skips a message
 * that this process has done, even if it was done while this delivery waited for its slot.
 */
export function bounded<Payload, D extends ActiveDelivery>(
  { run, verdict: usual }: Work<Payload, D>,
  judge: Judge,
  bounds: Bounds,
): Attempt<Payload, D> {
  const { handlerTimeoutMs, timeLeftMs, memory } = bounds
  const counted = (verdict: Verdict, delivery: D): Verdict => {
    const { end } = delivery
    if (verdict.do === 'ack' && delivery.isUnheard) delivery.channel.rememberDone(delivery.message)
    if (end === undefined) return verdict
    // The handler finished its work in the second of grace after its signal was aborted.
    if (verdict.do === 'ack' && end.how === 'late' && delivery.takeLate()) bounds.late(delivery)
    return countedVerdict(verdict, delivery, judge)
  }
  const failed = (thrown: unknown, delivery: D): Verdict => counted(judge(thrown, delivery.attempt), delivery)
  const inTime = (working: Promise<unknown>, delivery: D, timeoutMs: number): Promise<Verdict> =>
    new Promise((resolve) => {
      const work = {
        timeoutMs,
        abort: (reason: Error) => delivery.abort('late', reason),
        givenUp: () => givenUp(delivery, delivery.mayOutlive ? delivery.handler : working, bounds),
        done: (result: unknown) => resolve(counted(usual ?? (result as Verdict), delivery)),
        failed: (error: unknown) => resolve(failed(error, delivery)),
      }
      if (delivery.mayOutlive) untilDecided(working, delivery, work).then(work.done, work.failed)
      else limitTime(working, work)
    })
  return (payload, delivery) => {
    const { message } = delivery
    if (message.fields.redelivered && memory?.takeDone(message)) {
      // This ack, too, may be lost with its channel.
      delivery.channel.rememberDone(message)
      return SKIP
    }
    const timeoutMs = timeLeftMs === undefined ? handlerTimeoutMs : Math.min(handlerTimeoutMs, timeLeftMs(delivery))
    if (timeoutMs <= 0) return SKIP
    delivery.begin(timeoutMs)
    try {
      const result = run(payload, delivery)
      // A value that is no promise means that the work has ended.
      if (!isThenable(result)) return counted(usual ?? (result as Verdict), delivery)
      // Of a class that extends Promise, `then` is the program's own: it may throw, or call back twice.
      return inTime(isNative(result) ? result : adopt(result), delivery, timeoutMs)
    } catch (thrown) {
      return failed(thrown, delivery)
    }
  }
}

/** @param running - the promise that is pending; `undefined` when the handler has returned, and only decides later */
function givenUp(delivery: ActiveDelivery, running: Promise<unknown> | undefined, bounds: Bounds): void {
  if (running === undefined) return
  const ended = (): void => {
    bounds.endedAtLast()
    if (delivery.takeLate()) bounds.late(delivery)
  }
  bounds.givenUp()
  running.then(ended, ended)
}

/**
 * Settles with the handler's decision. The time limit holds for the decision, and for the handler, which may continue
 * after it.
 */
function untilDecided<T>(working: Promise<T>, delivery: ActiveDelivery, options: DeadlineOptions): Promise<T> {
  const ended = async (): Promise<T> => {
    const result = await working
    await delivery.handler
    return result
  }
  const whole = withinDeadline(ended(), options)
  delivery.handled = whole.then(
    () => undefined,
    () => undefined,
  )
  return Promise.race([working, whole])
}

function verdictOf({ verdict }: Work<never, never>, result: unknown): Verdict {
  return verdict ?? (result as Verdict)
}

/** Makes work at most once: the broker has processed the ack before the handler begins. */
export function acknowledgedFirst<Payload>(work: Work<Payload>): Work<Payload> {
  return deciding(async (payload, delivery) => {
    if (!(await delivery.acknowledgeFirst())) return GIVE_BACK
    return verdictOf(work, await work.run(payload, delivery))
  })
}
