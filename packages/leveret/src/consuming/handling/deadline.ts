import { Deadlines, type Due, tellLate } from '../../async/deadlines.js'
import { Bag } from '../../collections/dense-set.js'
import { HandlerTimeout } from '../delivery/handler-errors.js'

/** After its signal was aborted a handler may take this long to notice and end. */
const GRACE_MS = 1_000

/** What a deadline needs to know of the work. */
export interface DeadlineOptions {
  readonly timeoutMs: number
  /** The time is up; a little is left to notice it. */
  abort(reason: HandlerTimeout): void
  /** It has not ended a second later. It goes on, and nobody waits for it any more. */
  givenUp(): void
}

interface Running extends Due {
  dueAt: number
  timeUp(now: number): void
}

/** All that runs in this process. */
const running = new Bag<Running>()
/** A timer for each would cost more than most handlers do. What keeps a process alive is its connections. */
const deadlines = new Deadlines((now) => tellLate(running, now, (work) => work.timeUp(now)), { keepsAlive: false })

/**
 * Settles as the work does, or rejects with a {@link HandlerTimeout} a second after its time was up. The work itself is not
 * stopped.
 */
export function withinDeadline<T>(work: Promise<T>, { timeoutMs, abort, givenUp }: DeadlineOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    let timeout: HandlerTimeout | undefined
    const entry: Running = {
      dueAt: performance.now() + timeoutMs,
      timeUp: (now) => {
        if (timeout === undefined) {
          timeout = new HandlerTimeout(timeoutMs)
          entry.dueAt = now + GRACE_MS
          abort(timeout)
        } else {
          running.delete(entry)
          givenUp()
          reject(timeout)
        }
      },
    }
    running.add(entry)
    deadlines.watch(entry.dueAt)
    work.then(
      (result) => {
        running.delete(entry)
        resolve(result)
      },
      (error: unknown) => {
        running.delete(entry)
        reject(error)
      },
    )
  })
}
