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

/** Work with callbacks for its end, of which one is called once. Neither may throw. */
export interface LimitedWork<T> extends DeadlineOptions {
  done(result: T): void
  failed(error: unknown): void
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
export function withinDeadline<T>(work: Promise<T>, options: DeadlineOptions): Promise<T> {
  return new Promise((done, failed) => limitTime(work, { ...options, done, failed }))
}

/** Calls `done` or `failed` like {@link withinDeadline}, without a promise of its own. */
export function limitTime<T>(work: Promise<T>, options: LimitedWork<T>): void {
  const { timeoutMs, done, failed } = options
  let timeout: HandlerTimeout | undefined
  const entry: Running = {
    setIndex: undefined,
    dueAt: performance.now() + timeoutMs,
    timeUp: (now) => {
      if (timeout === undefined) {
        timeout = new HandlerTimeout(timeoutMs)
        entry.dueAt = now + GRACE_MS
        options.abort(timeout)
      } else {
        running.delete(entry)
        options.givenUp()
        failed(timeout)
      }
    },
  }
  running.add(entry)
  if (entry.dueAt < deadlines.next) deadlines.watch(entry.dueAt)
  work.then(
    (result) => {
      if (running.delete(entry)) done(result)
    },
    (error: unknown) => {
      if (running.delete(entry)) failed(error)
    },
  )
}
