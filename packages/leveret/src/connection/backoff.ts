import { sleep } from '../timing.js'

/** The first try after a loss comes within this time: a reset heals in a blink. */
const FIRST_MS = 250
const BASE_MS = 1_000
const CAP_MS = 30_000
/** What held for this long was a success: the next loss starts with a quick try again. */
export const STABLE_MS = 1_000
/** Tries at about two a second against a port where nobody listens: some two minutes, longer than a restart. */
const PATIENT_TRIES = 240

/**
 * How long to wait before try number `attempt` (from 1) after a loss: 0 to 250 ms, then 0 to 1, 2, 4 … 30 seconds.
 * "Full jitter": a thousand clients of one broker come back spread over the whole time, not together.
 *
 * @param random - 0 to 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = attempt <= 1 ? FIRST_MS : Math.min(BASE_MS * 2 ** (attempt - 2), CAP_MS)
  return Math.round(ceiling * random)
}

/**
 * The same where nobody listens. Such a try costs the broker nothing, so it stays at 0 to 1 second for a while: a broker
 * that has restarted is found as soon as it listens.
 */
export function absenceMs(attempt: number, random: number): number {
  return backoffMs(attempt <= PATIENT_TRIES ? 2 : attempt - PATIENT_TRIES + 2, random)
}

/** Waits between tries, longer each time, until what was tried has held for a while. */
export class Backoff {
  #failures = 0
  #absences = 0
  #upSince: number | undefined

  /** Tries since the last success that held. */
  get attempts(): number {
    return this.#failures + this.#absences
  }

  /** Call when the thing works … */
  up(): void {
    this.#upSince = performance.now()
    this.#absences = 0
  }

  /** … and when it no longer does. */
  down(): void {
    if (this.#upSince !== undefined && performance.now() - this.#upSince >= STABLE_MS) this.#failures = 0
    this.#upSince = undefined
  }

  /** Waits before the next try. Rejects with the signal's reason. */
  async wait(signal: AbortSignal): Promise<void> {
    this.#failures += 1
    await sleep(backoffMs(this.#failures, Math.random()), signal)
  }

  /** Waits for somebody to listen. */
  async waitForListener(signal: AbortSignal): Promise<void> {
    this.#absences += 1
    await sleep(absenceMs(this.#absences, Math.random()), signal)
  }

  /** Waits as long as there is: for what only a person can mend. */
  async waitLong(signal: AbortSignal): Promise<void> {
    this.#failures += 1
    await sleep(CAP_MS / 2 + (CAP_MS / 2) * Math.random(), signal)
  }
}
