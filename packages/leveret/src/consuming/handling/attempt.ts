import { callAsHandler } from '../../async/handler-context.js'
import { isLater, isThenable, type Soon } from '../../async/maybe-promise.js'
import { type Interceptor, type Layer, runInside } from '../../connection/interceptor.js'
import type { Delivery } from '../../message/delivery.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { SteeredDelivery } from '../delivery/manual-delivery.js'
import type { ConsumePlace } from '../delivery/process-trace.js'
import type { ReturnMemory } from '../delivery/return-memory.js'
import type { ToldDelivery } from '../delivery/role-events.js'
import { tracedCall } from '../delivery/tracing-deliveries.js'
import { countedVerdict, type Verdict } from '../delivery/verdict.js'
import { type DeadlineOptions, withinDeadline } from './deadline.js'
import type { Deduplicator } from './deduplication.js'

/** How one attempt at one delivery ends: no promise where it has ended at once. Never throws or rejects. */
export type Attempt<Payload, D extends ActiveDelivery = ActiveDelivery> = (
  payload: Payload,
  delivery: D,
) => Soon<Verdict>

/** The same before anybody has judged what it throws or rejects with, or bounded its time. */
export type Work<Payload, D extends ActiveDelivery = ActiveDelivery> = Attempt<Payload, D>

/** A handler inside its interceptors. Throws or rejects with what it fails with. */
export type Call<Payload, D extends Delivery = Delivery> = (payload: Payload, delivery: D) => unknown

/** The verdict on what an attempt was ended by. */
export type Judge = (thrown: unknown, attempt: number) => Verdict

const ACK: Verdict = { do: 'ack' }
const SKIP: Verdict = { do: 'skip' }
const GIVE_BACK: Verdict = { do: 'give-back' }

/**
 * Runs the handler inside the interceptors, the first of them outermost. It never begins an attempt that no longer counts.
 *
 * @param place - who consumes, where each call is told by itself
 */
export function inside<Payload, D extends ActiveDelivery>(
  interceptors: readonly Interceptor[],
  handler: (payload: Payload, delivery: D) => unknown,
  place?: ConsumePlace,
): Call<Payload, D> {
  const begin: Call<Payload, D> = (payload, delivery) => {
    if (delivery.end !== undefined) throw delivery.end.reason
    return handler(payload, delivery)
  }
  const layers = interceptors.flatMap((interceptor): Layer<Delivery, never>[] => {
    const { handle } = interceptor
    return handle === undefined ? [] : [(delivery, next) => handle.call(interceptor, delivery, next)]
  })
  const traced = (call: Call<Payload, D>): Call<Payload, D> => (place === undefined ? call : tracedCall(place, call))
  const direct = traced(begin)
  if (layers.length === 0) return (payload, delivery) => callAsHandler(direct, payload, delivery)
  const call = traced(async (payload, delivery) => {
    await runInside(layers, delivery, async () => {
      await begin(payload, delivery)
    })
  })
  return (payload, delivery) => callAsHandler(call, payload, delivery)
}

/** Returning acknowledges. */
export function returning<Payload, D extends ActiveDelivery>(call: Call<Payload, D>): Work<Payload, D> {
  return (payload, delivery) => {
    const result = call(payload, delivery)
    // What is no promise has ended; what only looks like one is waited for.
    return isThenable(result) ? ended(result) : ACK
  }
}

async function ended(result: PromiseLike<unknown>): Promise<Verdict> {
  await result
  return ACK
}

/** What the handler decides acknowledges; it may decide after it has returned, and go on after it has decided. */
export function steered<Payload>(
  call: Call<Payload, SteeredDelivery>,
  judge: Judge,
  late: Bounds['late'],
): Work<Payload, SteeredDelivery> {
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

/** Does not do again what this process has done: it may have been done while the delivery waited for its slot. */
export function unlessDone<Payload, D extends ActiveDelivery>(
  attempt: Attempt<Payload, D>,
  memory: ReturnMemory,
): Attempt<Payload, D> {
  return (payload, delivery) => {
    const { message, life } = delivery
    if (!memory.takeDone(message)) return attempt(payload, delivery)
    // This ack, too, may be lost with its channel.
    life.rememberDone(message)
    return SKIP
  }
}

/**
 * Does not do again what has been done. The store's `begin` counts within the time of the attempt and its `done` does not: a success
 * that takes long to write down stays a success. A handler that is late keeps its key until it has ended.
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

/** How long an attempt may take, and who is told when it takes longer. */
export interface Bounds {
  /** Without any time left it does not begin. */
  timeoutMs(delivery: ActiveDelivery): number
  /** Its handler has been given up, and goes on. */
  givenUp(): void
  /** A handler that had been given up has ended. */
  endedAtLast(): void
  /**
   * A handler ended after its time was up, or failed after it had settled. Told once for each delivery.
   *
   * @param failed - what it failed with after it had settled
   */
  late(delivery: ToldDelivery, failed?: { readonly thrown: unknown }): void
}

/** Bounds the time of an attempt, judges what it is ended by, and decides whether that counts. */
export function bounded<Payload, D extends ActiveDelivery>(
  work: Work<Payload, D>,
  judge: Judge,
  bounds: Bounds,
): Attempt<Payload, D> {
  const counted = (verdict: Verdict, delivery: D): Verdict => {
    if (isDoneUnheard(verdict, delivery)) delivery.life.rememberDone(delivery.message)
    // It has done its work in the second that it had to notice.
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

/** Whether the work is done, and the broker may not learn of that because its handler took long, or because the channel is lost. */
function isDoneUnheard(verdict: Verdict, { end, hasTakenLong, mayHaveStopped }: ActiveDelivery): boolean {
  if (verdict.do !== 'ack') return false
  return end === undefined ? hasTakenLong : end.how === 'lost' && !mayHaveStopped
}

/** @param running - what still runs when the time is up: nothing where a handler has returned and only its decision is missing */
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

/** Settles with the handler's decision. The deadline is for both: for the decision, and for the handler, which may go on after it. */
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

/** At most once: the broker has read the ack before the handler begins. */
export function acknowledgedFirst<Payload>(work: Work<Payload>): Work<Payload> {
  return async (payload, delivery) => ((await delivery.acknowledgeFirst()) ? await work(payload, delivery) : GIVE_BACK)
}
