/** A timer that fires later than this says that the event loop stood still, or the whole process. */
const STOOD_STILL_MS = 50
/** So many looks at the sockets are then taken, one after the other. One of them reads up to 2 MiB. */
const LOOKS = 5
const LOOK_MS = 20

/**
 * Gives up what has no answer in time, but never before the answers that have come by then were read.
 *
 * Node.js runs timers before it reads sockets, so after an event loop that stood still, the answer to what is late may lie in the
 * socket already. A timer that fires in time gives way to one reading of the sockets; one that fires late to several, because much may
 * have come, and the other side may have waited for room to send the rest.
 */
export class PatientTimer {
  readonly #giveUp: () => void
  readonly #keepsAlive: boolean
  #timer: NodeJS.Timeout
  #look: NodeJS.Immediate | undefined

  /** @param keepsAlive - whether the process waits for it when nothing else is left */
  constructor(ms: number, giveUp: () => void, keepsAlive = true) {
    this.#giveUp = giveUp
    this.#keepsAlive = keepsAlive
    const dueAt = performance.now() + ms
    this.#timer = this.#after(ms, () => this.#lookAgain(performance.now() - dueAt > STOOD_STILL_MS ? LOOKS : 0))
  }

  cancel(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#look)
  }

  #lookAgain(left: number): void {
    if (left > 0) this.#timer = this.#after(LOOK_MS, () => this.#lookAgain(left - 1))
    else this.#look = setImmediate(this.#giveUp)
  }

  #after(ms: number, next: () => void): NodeJS.Timeout {
    const timer = setTimeout(next, ms)
    return this.#keepsAlive ? timer : timer.unref()
  }
}
