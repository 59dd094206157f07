import type { Terminal } from './terminal.js'

const WIDTH = 24
const EVERY_MS = 100

/** Shows progress. A terminal shows one line that changes; elsewhere nothing is shown. */
export class Progress {
  readonly #terminal: Terminal
  readonly #label: string
  readonly #isShown: boolean
  #last = Number.NEGATIVE_INFINITY
  #isDrawn = false

  constructor(terminal: Terminal, label: string) {
    this.#terminal = terminal
    this.#label = label
    this.#isShown = terminal.stderr.isTTY === true
  }

  /** @param total - `undefined` if it is unknown */
  show(done: number, total: number | undefined): void {
    const now = performance.now()
    if (!this.#isShown || now - this.#last < EVERY_MS) return
    this.#last = now
    this.#isDrawn = true
    const count = total === undefined ? `${done}` : `${done} of ${total}`
    this.#terminal.write(
      `\r\u001b[2K${this.#label} ${total === undefined ? '' : `${bar(done / Math.max(total, 1))} `}${count}`,
    )
  }

  /** Removes the line. */
  clear(): void {
    if (this.#isDrawn) this.#terminal.write('\r\u001b[2K')
    this.#isDrawn = false
  }
}

function bar(part: number): string {
  const full = Math.round(Math.min(Math.max(part, 0), 1) * WIDTH)
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}]`
}
