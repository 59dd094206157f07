import { setTimeout as delay } from 'node:timers/promises'

/** Options of {@link eventually}. */
export interface EventuallyOptions {
  /** How long to try, in milliseconds. @defaultValue 10_000 */
  readonly timeoutMs?: number | undefined
  /** The pause between two tries, in milliseconds. @defaultValue 25 */
  readonly intervalMs?: number | undefined
}

/** The error when an assertion did not succeed in time; `cause` is its last error. */
export class NeverError extends Error {
  override readonly name = 'NeverError'
}

/**
 * Repeats an assertion until it no longer throws, and returns its result.
 *
 * @throws {@link NeverError} if it still fails when the time is up; the message holds its last failure
 */
export async function eventually<T>(assertion: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { timeoutMs = 10_000, intervalMs = 25 } = options
  const deadline = Date.now() + timeoutMs
  let last: unknown
  do {
    try {
      return await within(assertion, deadline)
    } catch (error) {
      // A try that only timed out says less than the failure before it.
      if (!(error instanceof TryTimeout) || last === undefined) last = error
    }
    await delay(intervalMs)
  } while (Date.now() < deadline)
  const message = last instanceof Error ? last.message : String(last)
  throw new NeverError(`Still failing after ${timeoutMs} ms: ${message}`, { cause: last })
}

class TryTimeout extends Error {
  override readonly message = 'the last try did not end'
}

async function within<T>(assertion: () => T | Promise<T>, deadline: number): Promise<T> {
  const settled = new AbortController()
  const timeout = delay(Math.max(0, deadline - Date.now()), undefined, { signal: settled.signal }).then(
    () => Promise.reject(new TryTimeout()),
    () => Promise.reject(new TryTimeout()),
  )
  timeout.catch(() => {})
  try {
    return await Promise.race([assertion(), timeout])
  } finally {
    settled.abort()
  }
}
