import { onAbort } from './on-abort.js'

/** Options of {@link race}. */
export interface RaceOptions<Candidate, Winner> {
  /** How long to wait for one candidate before trying the next as well. */
  readonly patienceMs: number
  /** Ends the whole race when aborted. */
  readonly signal: AbortSignal
  /** Tries one candidate. Its signal is aborted when another candidate has won, or when the race ends. */
  attempt(candidate: Candidate, signal: AbortSignal): Promise<Winner>
  /** Disposes of a candidate that succeeded after the end of the race. */
  discard(late: Winner): void
}

/**
 * Tries the candidates one after the other. The next one starts when the last one has failed, or takes longer than
 * `patienceMs`. The first that succeeds wins, and the signals of the others are aborted.
 *
 * @throws AggregateError with the reason of each candidate, in their order, when all have failed; the signal's reason
 * @see https://www.rfc-editor.org/rfc/rfc8305 which does the same with the addresses of one host
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
          else end(() => resolve(winner), new Error('Another candidate won'))
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
