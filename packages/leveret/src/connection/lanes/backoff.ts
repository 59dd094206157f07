import { sleep } from '../../async/timing.js'

/** Waits between tries, longer after each failure, until a success has lasted for a while. */
export class Backoff {
  #refusals = 0
  #drops = 0
  #upSince: number | undefined

  /** How many tries have failed since the last success that lasted. */
  get attempts(): number {
    return this.#refusals + this.#drops
  }

  /** Records a success … */
  up(): void {
    this.#upSince = performance.now()
  }

  /** … and its end. */
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

  /** Waits after an attempt that no broker refused, or after a link that dropped. */
  async waitAfterDrop(signal: AbortSignal): Promise<void> {
    this.#drops += 1
    await sleep(dropMs(this.#drops, Math.random()), signal)
  }

  /** Waits for about the longest time, for a failure that only a person can correct. */
  async waitLong(signal: AbortSignal): Promise<void> {
    this.#refusals += 1
    await sleep(CAP_MS / 2 + (CAP_MS / 2) * Math.random(), signal)
  }
}

/** The longest wait before the first try after a loss. Short interruptions often end at once. */
const FIRST_MS = 250
const BASE_MS = 1_000
const CAP_MS = 30_000
/** A success that lasted this long resets the wait: the next loss starts with a quick try again. */
export const STABLE_MS = 1_000
/** The longest wait between tries that no broker refused. */
const DROP_MS = 500
/** How many tries use the short wait: about four a second for two minutes, longer than a restart takes. */
const PATIENT_TRIES = 480

/**
 * How long to wait before try number `attempt` (from 1) after a loss: 0 to 250 ms, then 0 to 1, 2, 4 … 30 seconds. With
 * this "full jitter" a thousand clients of one broker return spread over the whole time, not together.
 *
 * @param random - 0 to 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(attempt: number, random: number): number {
  const ceiling = attempt <= 1 ? FIRST_MS : Math.min(BASE_MS * 2 ** (attempt - 2), CAP_MS)
  return Math.round(ceiling * random)
}

/**
 * How long to wait if no broker refused the try: the port was closed, or the link dropped. Such a try costs the broker
 * little, so the wait stays at 0 to 500 ms for a while. A restarted broker is found as soon as it listens, and a link
 * that drops again and again soon returns.
 */
export function dropMs(attempt: number, random: number): number {
  if (attempt <= 1 || attempt > PATIENT_TRIES) return backoffMs(Math.max(attempt - PATIENT_TRIES + 1, 1), random)
  return Math.round(DROP_MS * random)
}
