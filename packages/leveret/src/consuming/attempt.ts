import type { Delivery } from '../connection/delivery.js'
import { type Interceptor, type Layer, runInside } from '../connection/interceptor.js'
import { isThenable, type Soon } from '../soon.js'
import type { ActiveDelivery } from './active-delivery.js'
import { withinDeadline } from './deadline.js'
import type { Deduplicator } from './deduplication.js'
import type { SteeredDelivery } from './manual-delivery.js'
import type { Verdict } from './verdict.js'

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
const REQUEUE: Verdict = { do: 'requeue' }

/** Runs the handler inside the interceptors, the first of them outermost. */
export function inside<Payload, D extends ActiveDelivery>(
  interceptors: readonly Interceptor[],
  handler: (payload: Payload, delivery: D) => unknown,
): Call<Payload, D> {
  const layers = interceptors.flatMap((interceptor): Layer<Delivery, never>[] => {
    const { handle } = interceptor
    return handle === undefined ? [] : [(delivery, next) => handle.call(interceptor, delivery, next)]
  })
  if (layers.length === 0) return handler
  return async (payload, delivery) =>
    await runInside(layers, delivery, async () => {
      // An interceptor that took too long does not begin an attempt that has been given up.
      if (delivery.abortReason !== undefined) throw delivery.abortReason
      await handler(payload, delivery)
    })
}

/** Returning acknowledges. */
export function returning<Payload>(call: Call<Payload, ActiveDelivery>): Work<Payload> {
  return (payload, delivery) => {
    const result = call(payload, delivery)
    return isThenable(result) ? ended(result) : ACK
  }
}

async function ended(result: PromiseLike<unknown>): Promise<Verdict> {
  await result
  return ACK
}

/** What the handler decides acknowledges; it may decide after it has returned. */
export function steered<Payload>(
  call: Call<Payload, SteeredDelivery>,
  judge: Judge,
  late: (delivery: Delivery) => void,
): Work<Payload, SteeredDelivery> {
  return async (payload, delivery) => {
    const failed = new Promise<never>((_resolve, reject) => {
      const called = (async () => await call(payload, delivery))()
      called.catch((error: unknown) => {
        if (delivery.isDecided) late(delivery)
        reject(error)
      })
    })
    const decision = await Promise.race([delivery.decision, failed])
    return decision.do === 'fail' ? judge(decision.thrown, delivery.attempt) : decision
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
        if (delivery.abortReason !== undefined) throw delivery.abortReason
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

/** How long an attempt may take. */
export interface Bounds {
  /** Without any time left it does not begin. */
  timeoutMs(delivery: ActiveDelivery): number
  late(delivery: Delivery): void
}

/** Bounds the time of an attempt, and judges what it is ended by. */
export function bounded<Payload, D extends ActiveDelivery>(
  work: Work<Payload, D>,
  judge: Judge,
  bounds: Bounds,
): Attempt<Payload, D> {
  const inTime = (working: Promise<Verdict>, delivery: D, timeoutMs: number): Promise<Verdict> => {
    const abort = (reason: Error): void => delivery.abort(reason)
    const late = (): void => bounds.late(delivery)
    return withinDeadline(working, { timeoutMs, abort, late }).catch((thrown) => judge(thrown, delivery.attempt))
  }
  return (payload, delivery) => {
    const timeoutMs = bounds.timeoutMs(delivery)
    if (timeoutMs <= 0) return SKIP
    delivery.begin(timeoutMs)
    try {
      const working = work(payload, delivery)
      return working instanceof Promise ? inTime(working, delivery, timeoutMs) : working
    } catch (thrown) {
      return judge(thrown, delivery.attempt)
    }
  }
}

/** At most once: acknowledged before the handler begins. */
export function acknowledgedFirst<Payload>(work: Work<Payload>): Work<Payload> {
  return (payload, delivery) => (delivery.acknowledge() ? work(payload, delivery) : REQUEUE)
}
