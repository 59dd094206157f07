import { onAbort } from './on-abort.js'

/** How to try several. */
export interface RaceOptions<Candidate, Winner> {
  /** So long the last one that was begun is waited for before the next one is begun too. */
  readonly patienceMs: number
  /** Calls all of it off. */
  readonly signal: AbortSignal
  /** The signal is aborted when another one has won. */
  attempt(candidate: Candidate, signal: AbortSignal): Promise<Winner>
  /** It succeeded too late. */
  discard(late: Winner): void
}

/**
 * Tries one candidate after the other: the next when one has failed, or keeps us waiting. The first that succeeds wins, and
 * the others are called off.
 *
 * @throws AggregateError with the reason of each candidate, in their order, when all have failed; the signal's reason
 * @see https://www.rfc-editor.org/rfc/rfc8305 which does so with the addresses of one host
 */
export async function race<Candidate, Winner>(
  candidates: readonly Candidate[],
  { patienceMs, signal, attempt, discard }: RaceOptions<Candidate, Winner>,
): Promise<Winner> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const over = new AbortController()
    const callOff = onAbort(signal, () => end(() => reject(signal.reason), signal.reason))
    const waiting = [...candidates.entries()]
    const failures: unknown[] = []
    let impatience: NodeJS.Timeout | undefined
    const end = (settle: () => void, reason: unknown): void => {
      clearTimeout(impatience)
      callOff()
      over.abort(reason)
      settle()
    }
    const begin = (): void => {
      clearTimeout(impatience)
      const next = waiting.shift()
      if (next === undefined) return
      const [index, candidate] = next
      if (waiting.length > 0) impatience = setTimeout(begin, patienceMs)
      attempt(candidate, over.signal).then(
        (winner) => {
          if (over.signal.aborted) discard(winner)
          else end(() => resolve(winner), new Error('Another one was first'))
        },
        (reason: unknown) => {
          if (over.signal.aborted) return
          failures[index] = reason
          if (Object.keys(failures).length === candidates.length)
            end(() => reject(new AggregateError(failures)), reason)
          else begin()
        },
      )
    }
    begin()
  })
}
