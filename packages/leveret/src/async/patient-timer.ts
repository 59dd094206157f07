import { arrivals } from './arrivals.js'

/** A timer that fires later than this says that the event loop stood still, or the whole process. */
const STOOD_STILL_MS = 50
/** Then the sockets are looked at again as long as something comes, at least so often. One look reads up to 2 MiB. */
const LEAST_LOOKS = 5
const MOST_LOOKS = 250
const LOOK_MS = 20

/**
 * Gives up what has no answer in time, but never before the answers that have come by then were read.
 *
 * Node.js runs timers before it reads sockets, so after an event loop that stood still, the answer to what is late may lie in the
 * socket already. A timer that fires in time gives way to one reading of the sockets; one that fires late to several, because much may
 * have come, and the other side may have waited for room to send the rest; at most for five seconds.
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
    this.#timer = this.#after(ms, () => {
      if (performance.now() - dueAt > STOOD_STILL_MS) this.#lookAgain(1)
      else this.#look = setImmediate(this.#giveUp)
    })
  }

  cancel(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#look)
  }

  #lookAgain(look: number): void {
    const { frames } = arrivals
    this.#timer = this.#after(LOOK_MS, () => {
      const isMoreToCome = look < LEAST_LOOKS || (look < MOST_LOOKS && arrivals.frames > frames)
      if (isMoreToCome) this.#lookAgain(look + 1)
      else this.#look = setImmediate(this.#giveUp)
    })
  }

  #after(ms: number, next: () => void): NodeJS.Timeout {
    const timer = setTimeout(next, ms)
    return this.#keepsAlive ? timer : timer.unref()
  }
}
