import type { Clock, Timer } from './clock.js'

/** The longest delay of a timer. Node.js fires a timer with a longer delay at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Follows the clock of the machine. Its timers do not keep the process alive. */
export class RealClock implements Clock {
  readonly #planned = new Set<Timer>()

  now(): number {
    return Date.now()
  }

  at(timeMs: number, run: () => void): Timer {
    let timeout: NodeJS.Timeout
    const timer: Timer = {
      cancel: () => {
        clearTimeout(timeout)
        this.#planned.delete(timer)
      },
    }
    const wait = (): void => {
      const left = timeMs - Date.now()
      timeout = setTimeout(left > MAX_TIMER_MS ? wait : fire, Math.min(Math.max(left, 0), MAX_TIMER_MS))
      timeout.unref()
    }
    const fire = (): void => {
      this.#planned.delete(timer)
      run()
    }
    this.#planned.add(timer)
    wait()
    return timer
  }

  stop(): void {
    for (const timer of this.#planned) timer.cancel()
  }
}
