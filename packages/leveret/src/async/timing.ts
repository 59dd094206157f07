import { setTimeout as sleepFor } from 'node:timers/promises'
import { onAbort } from './on-abort.js'
import { PatientTimer } from './patient-timer.js'

/** Whole milliseconds that a Node.js timer can wait (2^31 - 1, about 24.8 days). */
export const MAX_TIMER_MS = 2_147_483_647

/** Waits, or rejects with the signal's reason as soon as it is aborted. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await sleepFor(Math.min(ms, MAX_TIMER_MS), undefined, { signal }).catch(() => signal.throwIfAborted())
}

/**
 * Settles as `work` does, or rejects with `onTimeout()` after `ms`, when what has come by then was read. `work` itself is not stopped;
 * its late failure is not reported as unhandled.
 */
export async function within<T>(ms: number, work: Promise<T>, onTimeout: () => Error): Promise<T> {
  if (ms > MAX_TIMER_MS) return await work
  let timer: PatientTimer | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = new PatientTimer(ms, () => reject(onTimeout()))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    timer?.cancel()
  }
}

/** Waits until `work` has settled, however it does, or the time is up. Never rejects. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  await within(ms, work, () => new Error('late')).catch(() => undefined)
}

/** Settles as `work` does, or rejects with the signal's reason as soon as it is aborted. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  // Nobody else listens to what is given up here.
  work.catch(() => undefined)
  signal.throwIfAborted()
  let callOff: () => void = () => undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    callOff = onAbort(signal, () => reject(signal.reason))
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    callOff()
  }
}
