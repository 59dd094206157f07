import { RawField } from '../../message/field-table.js'
import type { Headers } from '../../message/message.js'

/** Frames end with it. */
const FRAME_END = 0xce
const TEXT = 'S'.charCodeAt(0)
const BOOLEAN = 't'.charCodeAt(0)
const NOTHING = 'V'.charCodeAt(0)
/** Signed whole numbers, by their bytes, as amqplib writes them: the fewest that hold it. */
const INTEGER = { 1: 'b'.charCodeAt(0), 2: 's'.charCodeAt(0), 4: 'I'.charCodeAt(0), 8: 'l'.charCodeAt(0) } as const

/** Writes the forms of AMQP 0-9-1 into a buffer, one after the other. */
export class FrameWriter {
  #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Where the next byte goes. */
  get at(): number {
    return this.#at
  }

  /** Goes on elsewhere. */
  move(bytes: Buffer, at: number): void {
    this.#bytes = bytes
    this.#at = at
  }

  octet(value: number): void {
    this.#bytes[this.#at] = value
    this.#at += 1
  }

  short(value: number): void {
    this.octet(value >>> 8)
    this.octet(value & 0xff)
  }

  long(value: number): void {
    this.longAt(this.#at, value)
    this.#at += 4
  }

  /** Writes over what is there, and stays where it is. */
  longAt(at: number, value: number): void {
    this.#bytes[at] = value >>> 24
    this.#bytes[at + 1] = value >>> 16
    this.#bytes[at + 2] = value >>> 8
    this.#bytes[at + 3] = value
  }

  /** @param value - a safe integer, not negative */
  longLong(value: number): void {
    this.long(Math.floor(value / 2 ** 32))
    this.long(value >>> 0)
  }

  /** @param text - of at most 255 bytes */
  shortText(text: string): void {
    const length = this.#bytes.write(text, this.#at + 1)
    this.octet(length)
    this.#at += length
  }

  /** @param entries - texts, safe integers that are not negative, booleans, nothing, and fields as they came; by names of at most 255 bytes */
  table(entries: Headers): void {
    const start = this.#at
    this.#at += 4
    for (const name of Object.keys(entries)) {
      const value = entries[name]
      this.shortText(name)
      if (typeof value === 'string') this.#text(value)
      else if (typeof value === 'number') this.#integer(value)
      else this.#other(value)
    }
    this.longAt(start, this.#at - start - 4)
  }

  copy(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** @param length - of what it holds, which is written next */
  beginFrame(type: number, channel: number, length: number): void {
    this.octet(type)
    this.short(channel)
    this.long(length)
  }

  endFrame(): void {
    this.octet(FRAME_END)
  }

  #text(text: string): void {
    this.octet(TEXT)
    const length = this.#bytes.write(text, this.#at + 4)
    this.long(length)
    this.#at += length
  }

  #other(value: unknown): void {
    if (value instanceof RawField) {
      this.copy(value.bytes)
    } else if (value === null) {
      this.octet(NOTHING)
    } else {
      this.octet(BOOLEAN)
      this.octet(value === true ? 1 : 0)
    }
  }

  #integer(value: number): void {
    const bytes = integerBytes(value)
    this.octet(INTEGER[bytes])
    if (bytes === 1) this.octet(value)
    else if (bytes === 2) this.short(value)
    else if (bytes === 4) this.long(value)
    else this.longLong(value)
  }
}

/** @param value - a safe integer, not negative */
function integerBytes(value: number): 1 | 2 | 4 | 8 {
  if (value < 2 ** 7) return 1
  if (value < 2 ** 15) return 2
  return value < 2 ** 31 ? 4 : 8
}
