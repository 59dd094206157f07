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

const COMPACT_AT = 1_024

/**
 * Holds lines in their order, up to a number of bytes. When it is full, it drops the oldest lines: first those
 * below a level, then the others.
 */
export class LineRing<Line extends WaitingLine> {
  readonly #maxBytes: number
  readonly #keepLevel: number
  /** The lines in order, from `#head` on. A dropped line leaves a gap. */
  #lines: (Line | undefined)[] = []
  #head = 0
  /** The index from which to look for the next line below the level: no line before it can be dropped first. */
  #droppable = 0
  /** Lines that were given back. They are the next ones to be taken. */
  readonly #returned: Line[] = []
  #bytes = 0
  #size = 0
  #dropped: { count: number; from: number; to: number } | undefined

  /** @param keepLevel - lines of this level and above are dropped last */
  constructor(maxBytes: number, keepLevel: number) {
    this.#maxBytes = maxBytes
    this.#keepLevel = keepLevel
  }

  /** How many lines wait. */
  get size(): number {
    return this.#size
  }

  /** How many bytes the texts of the waiting lines have in UTF-8. */
  get bytes(): number {
    return this.#bytes
  }

  push(line: Line): void {
    this.#lines.push(line)
    this.#count(line, 1)
    while (this.#bytes > this.#maxBytes && this.#size > 0) this.#dropOldest()
  }

  /** Puts a line back that was taken. It comes before all new lines. */
  giveBack(line: Line): void {
    this.#returned.push(line)
    this.#count(line, 1)
    while (this.#bytes > this.#maxBytes && this.#size > 0) this.#dropOldest()
  }

  /** Takes the oldest line. */
  shift(): Line | undefined {
    const returned = this.#returned.shift()
    const line = returned ?? this.#shiftNew()
    if (line !== undefined) this.#count(line, -1)
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

  #shiftNew(): Line | undefined {
    while (this.#head < this.#lines.length) {
      const line = this.#lines[this.#head]
      this.#lines[this.#head] = undefined
      this.#head += 1
      if (line === undefined) continue
      this.#compact()
      return line
    }
    this.#compact()
    return undefined
  }

  #dropOldest(): void {
    const line = this.#takeDroppable() ?? this.#returned.shift() ?? this.#shiftNew()
    if (line === undefined) return
    this.#count(line, -1)
    this.noteDropped({ count: 1, from: line.time, to: line.time })
  }

  /** Takes the oldest line below the level. */
  #takeDroppable(): Line | undefined {
    this.#droppable = Math.max(this.#droppable, this.#head)
    for (; this.#droppable < this.#lines.length; this.#droppable += 1) {
      const line = this.#lines[this.#droppable]
      if (line === undefined || line.level >= this.#keepLevel) continue
      this.#lines[this.#droppable] = undefined
      return line
    }
    return undefined
  }

  #count({ text }: Line, sign: 1 | -1): void {
    this.#size += sign
    this.#bytes += sign * Buffer.byteLength(text)
  }

  #compact(): void {
    if (this.#head < COMPACT_AT || this.#head * 2 < this.#lines.length) return
    this.#lines = this.#lines.slice(this.#head)
    this.#droppable = Math.max(this.#droppable - this.#head, 0)
    this.#head = 0
  }
}
