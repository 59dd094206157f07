import { Deadlines, type Due, expireDue } from '../../async/deadlines.js'
import { DenseSet } from '../../collections/dense-set.js'
import { HandlerTimeout } from '../delivery/handler-errors.js'

/** How long a handler may take to react and end, after its signal was aborted. */
const GRACE_MS = 1_000

/** Options of {@link withinDeadline}. */
export interface DeadlineOptions {
  readonly timeoutMs: number
  /** Called when the time is up. The work has one more second to end. */
  abort(reason: HandlerTimeout): void
  /** Called when the work has not ended a second later. It still runs, and nothing waits for it. */
  givenUp(): void
}

interface Running extends Due {
  dueAt: number
  timeUp(now: number): void
}

/** The work that is running in this process. */
const running = new DenseSet<Running>()
/**
 * A shared timer, because one per handler would cost more than most handlers do. It does not keep the process alive;
 * the connections do.
 */
const deadlines = new Deadlines((now) => expireDue(running, now, (work) => work.timeUp(now)), { keepsAlive: false })

/**
 * Settles as the work does, or rejects with a {@link HandlerTimeout} a second after its time was up. The work itself is
 * not stopped.
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
