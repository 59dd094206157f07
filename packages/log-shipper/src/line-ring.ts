import { Fifo } from './fifo.js'

/** A line that waits to be shipped. */
export interface WaitingLine {
  /** The content of the message. */
  readonly text: string
  /** The level, as pino numbers it: 30 is info, 40 warn, 50 error. */
  readonly level: number
  /** The time at which the line was logged, in milliseconds since 1970. */
  readonly time: number
}

/** Dropped lines: how many, and the times at which the first and the last of them were logged. */
export interface Dropped {
  readonly count: number
  readonly from: number
  readonly to: number
}

/** A line and its place in the order of all lines. */
interface Placed<Line> {
  readonly line: Line
  readonly place: number
}

/**
 * Holds lines in their order, up to a number of bytes. When it is full, it drops the oldest lines: first those
 * below a level, then the others.
 */
export class LineRing<Line extends WaitingLine> {
  readonly #maxBytes: number
  readonly #keepLevel: number
  /** Lines below the level, and the others, each in their order. */
  readonly #usual = new Fifo<Placed<Line>>()
  readonly #kept = new Fifo<Placed<Line>>()
  /** Lines that were given back. They are the next ones to be taken. */
  readonly #returned = new Fifo<Line>()
  #pushed = 0
  #bytes = 0
  #dropped: { count: number; from: number; to: number } | undefined

  /** @param keepLevel - lines of this level and above are dropped last */
  constructor(maxBytes: number, keepLevel: number) {
    this.#maxBytes = maxBytes
    this.#keepLevel = keepLevel
  }

  /** How many lines wait. */
  get size(): number {
    return this.#usual.size + this.#kept.size + this.#returned.size
  }

  /** How many bytes the texts of the waiting lines have in UTF-8. */
  get bytes(): number {
    return this.#bytes
  }

  push(line: Line): void {
    this.#pushed += 1
    const place = this.#pushed
    if (line.level < this.#keepLevel) this.#usual.push({ line, place })
    else this.#kept.push({ line: { ...line, text: copyOf(line.text) }, place })
    this.#bytes += bytesOf(line)
    this.#dropSurplus()
  }

  /** Puts a line back that was taken. It comes before all new lines. */
  giveBack(line: Line): void {
    this.#returned.push(line)
    this.#bytes += bytesOf(line)
    this.#dropSurplus()
  }

  /** Takes the oldest line. */
  shift(): Line | undefined {
    const line = this.#returned.shift() ?? this.#oldest().shift()?.line
    if (line !== undefined) this.#bytes -= bytesOf(line)
    return line
  }

  /** Returns the lines dropped since the last call; `undefined` if there were none. */
  takeDropped(): Dropped | undefined {
    const dropped = this.#dropped
    this.#dropped = undefined
    return dropped
  }

  /**
   * Counts lines as dropped. It also takes back a count that {@link takeDropped} returned and that could not be
   * reported.
   */
  noteDropped({ count, from, to }: Dropped): void {
    this.#dropped ??= { count: 0, from, to }
    this.#dropped.count += count
    this.#dropped.from = Math.min(this.#dropped.from, from)
    this.#dropped.to = Math.max(this.#dropped.to, to)
  }

  /** The queue with the oldest line. */
  #oldest(): Fifo<Placed<Line>> {
    const [usual, kept] = [this.#usual.first, this.#kept.first]
    if (usual === undefined) return this.#kept
    return kept === undefined || usual.place < kept.place ? this.#usual : this.#kept
  }

  #dropSurplus(): void {
    while (this.#bytes > this.#maxBytes) {
      const line = this.#usual.shift()?.line ?? this.#returned.shift() ?? this.#kept.shift()?.line
      if (line === undefined) return
      this.#bytes -= bytesOf(line)
      this.noteDropped({ count: 1, from: line.time, to: line.time })
    }
  }
}

/**
 * Copies a text. A text that was cut out of a larger one keeps all of that in memory, and a line that is kept may
 * outlast the lines around it by far.
 */
function copyOf(text: string): string {
  return Buffer.from(text).toString()
}

function bytesOf({ text }: WaitingLine): number {
  return Buffer.byteLength(text)
}
