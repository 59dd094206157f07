import { writeSync } from 'node:fs'

/** A sentence that stays the same is written again after this time. */
const AGAIN_MS = 60_000
const MAX_REMEMBERED = 100

/** Writes lines to stderr, each at most once a minute: a log of what goes wrong with the log must not come back to it. */
export class Stderr {
  readonly #saidAt = new Map<string, number>()

  say(text: string): void {
    const now = Date.now()
    if (now - (this.#saidAt.get(text) ?? 0) < AGAIN_MS) return
    if (this.#saidAt.size >= MAX_REMEMBERED) this.#saidAt.clear()
    this.#saidAt.set(text, now)
    try {
      // At once: the process may be about to end.
      writeSync(2, `${text}\n`)
    } catch {
      // Nobody reads it.
    }
  }
}
