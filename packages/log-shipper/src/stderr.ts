import { writeSync } from 'node:fs'

/** The time after which the same sentence is written again. */
const AGAIN_MS = 60_000
const MAX_REMEMBERED = 100

/**
 * Writes sentences to stderr, each at most once a minute. Failures of the log go here, because they must not enter the
 * log themselves.
 */
export class Stderr {
  readonly #saidAt = new Map<string, number>()

  say(text: string): void {
    const now = Date.now()
    if (now - (this.#saidAt.get(text) ?? 0) < AGAIN_MS) return
    if (this.#saidAt.size >= MAX_REMEMBERED) this.#saidAt.clear()
    this.#saidAt.set(text, now)
    try {
      // A synchronous write, because the process may be about to end.
      writeSync(2, `${text}\n`)
    } catch {
      // stderr has no reader.
    }
  }
}
