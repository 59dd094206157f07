import { onAbort } from '../signals.js'
import { HandlerTimeout } from './steering.js'

/** After its signal was aborted a handler may take this long to notice and end. */
const GRACE_MS = 1_000

/** What a deadline needs to know of the work. */
export interface DeadlineOptions {
  readonly timeoutMs: number
  /** Aborted when the deliveries no longer count: then nothing that happens changes anything. */
  readonly life: AbortSignal
  /** The time is up; a little is left to notice it. */
  abort(reason: HandlerTimeout): void
  /** It ended after it had been given up. */
  late(): void
}

/**
 * Settles as the work does, or rejects with a {@link HandlerTimeout} a second after its time was up. The work itself is not
 * stopped.
 */
export async function withinDeadline<T>(work: Promise<T>, options: DeadlineOptions): Promise<T> {
  const { timeoutMs, life, abort, late } = options
  let timer: NodeJS.Timeout | undefined
  // What happens after the life has ended must not keep the process alive.
  const release = (): void => void timer?.unref()
  const timeUp = new Promise<never>((_resolve, reject) => {
    const giveUp = (timeout: HandlerTimeout): void => {
      work.then(late, late)
      reject(timeout)
    }
    timer = setTimeout(() => {
      const timeout = new HandlerTimeout(timeoutMs)
      abort(timeout)
      timer = setTimeout(giveUp, GRACE_MS, timeout)
      if (life.aborted) release()
    }, timeoutMs)
  })
  const callOff = onAbort(life, release)
  try {
    return await Promise.race([work, timeUp])
  } finally {
    clearTimeout(timer)
    callOff()
  }
}
