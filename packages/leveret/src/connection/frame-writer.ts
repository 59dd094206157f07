/** Frames end with it. */
const FRAME_END = 0xce
const TEXT = 'S'.charCodeAt(0)
/** Signed whole numbers, by their bytes, as amqplib writes them: the fewest that hold it. */
const INTEGER = { 1: 'b'.charCodeAt(0), 2: 's'.charCodeAt(0), 4: 'I'.charCodeAt(0), 8: 'l'.charCodeAt(0) } as const

/** @param value - a safe integer, not negative */
export function integerBytes(value: number): 1 | 2 | 4 | 8 {
  if (value < 2 ** 7) return 1
  if (value < 2 ** 15) return 2
  return value < 2 ** 31 ? 4 : 8
}

/** Writes the forms of AMQP 0-9-1 into a buffer, one after the other. */
export class FrameWriter {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at: number) {
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
    this.short(value >>> 16)
    this.short(value & 0xffff)
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

  /** A table of texts and of safe integers that are not negative. @param length - of its entries, in bytes */
  table(entries: readonly (readonly [string, string | number])[], length: number): void {
    this.long(length)
    for (const [name, value] of entries) {
      this.shortText(name)
      if (typeof value === 'string') this.#text(value)
      else this.#integer(value)
    }
  }

  #text(text: string): void {
    this.octet(TEXT)
    const bytes = this.#bytes.write(text, this.#at + 4)
    this.long(bytes)
    this.#at += bytes
  }

  #integer(value: number): void {
    const bytes = integerBytes(value)
    this.octet(INTEGER[bytes])
    if (bytes === 1) this.octet(value)
    else if (bytes === 2) this.short(value)
    else if (bytes === 4) this.long(value)
    else this.longLong(value)
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
}
