import type { Clock, Timer } from './clock.js'

/** Node.js fires a timer at once whose delay is longer. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** Goes with the machine's clock. Its timers keep no process alive. */
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
