import { sleep } from '../../async/timing.js'

/** Waits between tries, longer each time that it is refused, until what was tried has held for a while. */
export class Backoff {
  #refusals = 0
  #drops = 0
  #upSince: number | undefined

  /** Tries since the last success that held. */
  get attempts(): number {
    return this.#refusals + this.#drops
  }

  /** Call when the thing works … */
  up(): void {
    this.#upSince = performance.now()
  }

  /** … and when it no longer does. */
  down(): void {
    if (this.#upSince !== undefined && performance.now() - this.#upSince >= STABLE_MS) {
      this.#refusals = 0
      this.#drops = 0
    }
    this.#upSince = undefined
  }

  /** Waits after a refusal. Rejects with the signal's reason. */
  async wait(signal: AbortSignal): Promise<void> {
    this.#refusals += 1
    await sleep(backoffMs(this.#refusals, Math.random()), signal)
  }

  /** Waits where nobody listened, or after a link that dropped. */
  async waitAfterDrop(signal: AbortSignal): Promise<void> {
    this.#drops += 1
    await sleep(dropMs(this.#drops, Math.random()), signal)
  }

  /** Waits as long as there is: for what only a person can mend. */
  async waitLong(signal: AbortSignal): Promise<void> {
    this.#refusals += 1
    await sleep(CAP_MS / 2 + (CAP_MS / 2) * Math.random(), signal)
  }
}

/** The first try after a loss comes within this time: a reset heals in a blink. */
const FIRST_MS = 250
const BASE_MS = 1_000
const CAP_MS = 30_000
/** What held for this long was a success: the next loss starts with a quick try again. */
export const STABLE_MS = 1_000
/** A try that nobody refused comes within this time of the one before. */
const DROP_MS = 500
/** Tries at about four a second while nobody refuses us: some two minutes, longer than a restart. */
const PATIENT_TRIES = 480

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
 * The same where nobody has refused us: nobody listened, or the link dropped. Such a try costs the broker little, so it stays at 0 to 500
 * ms for a while: a broker that has restarted is found as soon as it listens, and a link that drops again and again is soon back.
 */
export function dropMs(attempt: number, random: number): number {
  if (attempt <= 1 || attempt > PATIENT_TRIES) return backoffMs(Math.max(attempt - PATIENT_TRIES + 1, 1), random)
  return Math.round(DROP_MS * random)
}
