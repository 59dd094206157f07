import type { StreamStart } from '../message/delivery.js'
import type { Message } from '../message/message.js'

/** A message of a stream, with its offset and its time. */
export interface StreamEntry {
  readonly offset: number
  readonly message: Message
  readonly timeMs: number
}

interface Segment {
  readonly entries: StreamEntry[]
  bytes: number
}

/** How many bytes of a segment each message takes beside its content. */
const ENTRY_BYTES = 48

export interface Retention {
  readonly segmentBytes: number
  readonly maxBytes: number | undefined
  readonly maxAgeMs: number | undefined
}

/** Holds the messages of a stream in segments, and drops the oldest segments above the limits. */
export class StreamLog {
  #segments: Segment[] = [{ entries: [], bytes: 0 }]
  #nextOffset = 0

  get length(): number {
    return this.#segments.reduce((sum, { entries }) => sum + entries.length, 0)
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  append(message: Message, nowMs: number, retention: Retention): void {
    const last = this.#segments.at(-1)
    const isFull = last === undefined || last.bytes >= retention.segmentBytes
    const segment = isFull ? this.#roll(nowMs, retention) : last
    segment.entries.push({ offset: this.#nextOffset, message, timeMs: nowMs })
    segment.bytes += ENTRY_BYTES + message.encoded.length + message.bytes
    this.#nextOffset += 1
  }

  /** Returns the first message at or after an offset. */
  at(offset: number): StreamEntry | undefined {
    for (const { entries } of this.#segments) {
      const last = entries.at(-1)
      if (last === undefined || last.offset < offset) continue
      const first = entries[0]
      // Within a segment offsets have no gaps.
      return entries[Math.max(0, offset - (first?.offset ?? 0))]
    }
    return undefined
  }

  /** Returns the offset at which a consumer begins. */
  offsetOf(start: StreamStart): number {
    if (start === 'first') return this.at(0)?.offset ?? this.#nextOffset
    if (start === 'next') return this.#nextOffset
    const entries = this.#segments.flatMap((segment) => segment.entries)
    if (start === 'last') return entries.at(-1)?.offset ?? this.#nextOffset
    if ('offset' in start) return start.offset
    return entries.find(({ timeMs }) => timeMs >= start.timeMs)?.offset ?? this.#nextOffset
  }

  messages(): Message[] {
    return this.#segments.flatMap(({ entries }) => entries.map(({ message }) => message))
  }

  clear(): void {
    this.#segments = []
  }

  /** Begins a segment, which uses up an offset itself, and drops the oldest segments above the limits. */
  #roll(nowMs: number, retention: Retention): Segment {
    const segment: Segment = { entries: [], bytes: 0 }
    this.#segments.push(segment)
    this.#nextOffset += 1
    const { maxBytes = Number.POSITIVE_INFINITY, maxAgeMs = Number.POSITIVE_INFINITY } = retention
    while (this.#segments.length > 1) {
      const newest = this.#segments[0]?.entries.at(-1)
      const isTooOld = newest !== undefined && nowMs - newest.timeMs > maxAgeMs
      if (this.bytes <= maxBytes && !isTooOld) break
      this.#segments.shift()
    }
    return segment
  }
}
