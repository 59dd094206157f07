import { arrivals } from './arrivals.js'

/** A timer that fires this much too late shows that the event loop, or the whole process, stood still. */
const STOOD_STILL_MS = 50
/**
 * The sockets then get at least this many turns to be read, and more while frames arrive. One turn reads up to 2 MiB.
 */
const LEAST_LOOKS = 5
const MOST_LOOKS = 250
const LOOK_MS = 20

/**
 * A timer that lets Node.js read its sockets before it fires.
 *
 * Node.js runs timers before it reads sockets. After the event loop stood still, the awaited answer may already lie in
 * the socket. A timer that fires on time waits for one reading of the sockets. One that fires late waits for several,
 * because much may have arrived, and the peer may have waited for room to send the rest. It waits for five seconds at
 * most.
 */
export class PatientTimer {
  readonly #giveUp: () => void
  readonly #keepsAlive: boolean
  #timer: NodeJS.Timeout
  #look: NodeJS.Immediate | undefined

  /** @param keepsAlive - whether the timer keeps the process running when nothing else does */
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
