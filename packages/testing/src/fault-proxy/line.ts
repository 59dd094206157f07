import { Transform, type TransformCallback } from 'node:stream'

/** What a line asks before it passes bytes on; the proxy changes the answers while links are open. */
export interface LineRules {
  /** Resolves at once, or when the black hole is healed. */
  readonly open: () => Promise<void>
  readonly latencyMs: () => number
}

/** How much one direction may hold back while it is late: beyond that the sender feels it, as on a long wire. */
const inTransitBytes = 1024 * 1024

/** One direction of a link: holds bytes back, in order, with back-pressure, and loses none. */
export class Line extends Transform {
  readonly #rules: LineRules
  #heldBytes = 0
  #last: Promise<void> = Promise.resolve()

  constructor(rules: LineRules) {
    super()
    this.#rules = rules
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#heldBytes += chunk.length
    const passed = this.#pass(() => {
      this.#heldBytes -= chunk.length
      this.push(chunk)
    })
    if (this.#heldBytes < inTransitBytes) done()
    else void passed.then(() => done())
  }

  override _flush(done: TransformCallback): void {
    void this.#pass(() => done())
  }

  /** Each chunk waits for its own time and for all before it. */
  #pass(deliver: () => void): Promise<void> {
    const due = Date.now() + this.#rules.latencyMs()
    const before = this.#last
    this.#last = (async () => {
      await before
      await sleepUntil(due)
      await this.#rules.open()
      if (!this.destroyed) deliver()
    })()
    return this.#last
  }
}

function sleepUntil(due: number): Promise<void> | undefined {
  const ms = due - Date.now()
  if (ms <= 0) return undefined
  return new Promise((resolve) => setTimeout(resolve, ms))
}
