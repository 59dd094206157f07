import { Transform, type TransformCallback } from 'node:stream'

/** Rules that a line follows for each chunk. The proxy changes them while links are open. */
export interface LineRules {
  /** Resolves at once, or when the black hole is healed. */
  readonly open: () => Promise<void>
  readonly latencyMs: () => number
}

/**
 * How many bytes one direction may hold back while it is late. Beyond that the sender is slowed down, as on a long
 * wire.
 */
const inTransitBytes = 1024 * 1024

/** One direction of a link. It holds bytes back, in order, with back-pressure, and loses none. */
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

  /** Delivers a chunk after its own delay, and after all chunks before it. */
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
