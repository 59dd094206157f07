import { RawField } from '../../message/field-table.js'
import type { Headers } from '../../message/message.js'
import { BODY_FRAME, FRAME_BYTES, FRAME_END, FRAME_HEAD_BYTES } from './frame-format.js'

const TEXT = 'S'.charCodeAt(0)
const BOOLEAN = 't'.charCodeAt(0)
const NOTHING = 'V'.charCodeAt(0)
/** Types of signed whole numbers by their size. As amqplib does, leveret uses the smallest that holds the number. */
const INTEGER = { 1: 'b'.charCodeAt(0), 2: 's'.charCodeAt(0), 4: 'I'.charCodeAt(0), 8: 'l'.charCodeAt(0) } as const

/** Writes values in the encoding of AMQP 0-9-1 into a buffer, one after the other. */
export class FrameWriter {
  bytes: Buffer
  /** Offset of the next byte. */
  at: number

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes
    this.at = at
  }

  octet(value: number): void {
    this.bytes[this.at] = value
    this.at += 1
  }

  short(value: number): void {
    this.bytes[this.at] = value >>> 8
    this.bytes[this.at + 1] = value
    this.at += 2
  }

  long(value: number): void {
    this.at = this.bytes.writeUInt32BE(value, this.at)
  }

  /** @param value - a safe integer, not negative */
  longLong(value: number): void {
    this.long(Math.floor(value / 2 ** 32))
    this.long(value >>> 0)
  }

  /** @param text - of at most 255 bytes */
  shortText(text: string): void {
    const length = this.bytes.write(text, this.at + 1)
    this.bytes[this.at] = length
    this.at += 1 + length
  }

  /**
   * @param entries - texts, safe integers that are not negative, booleans, nulls and fields as received; names have at
   *   most 255 bytes
   */
  table(entries: Headers): void {
    const start = this.at
    this.at += 4
    for (const name of Object.keys(entries)) {
      const value = entries[name]
      this.shortText(name)
      if (typeof value === 'string') this.#text(value)
      else if (typeof value === 'number') this.#integer(value)
      else this.#other(value)
    }
    this.bytes.writeUInt32BE(this.at - start - 4, start)
  }

  copy(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** @param length - how many bytes the frame holds, which are written next */
  beginFrame(type: number, channel: number, length: number): void {
    this.octet(type)
    this.short(channel)
    this.long(length)
  }

  /** Writes the whole frame of a content. */
  body(channel: number, content: Buffer): void {
    const { bytes, at } = this
    bytes[at] = BODY_FRAME
    bytes[at + 1] = channel >>> 8
    bytes[at + 2] = channel
    bytes.writeUInt32BE(content.length, at + 3)
    bytes.set(content, at + FRAME_HEAD_BYTES)
    bytes[at + FRAME_HEAD_BYTES + content.length] = FRAME_END
    this.at = at + FRAME_BYTES + content.length
  }

  #text(text: string): void {
    this.octet(TEXT)
    const length = this.bytes.write(text, this.at + 4)
    this.long(length)
    this.at += length
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
