import type { ByteText } from './byte-text.js'

/** The error for bytes that the protocol does not allow. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

/** Reads the primitive values of AMQP from a buffer, and never past its end. */
export class ByteReader {
  readonly #bytes: Buffer
  #offset: number

  constructor(bytes: Buffer, offset = 0) {
    this.#bytes = bytes
    this.#offset = offset
  }

  get left(): number {
    return this.#bytes.length - this.#offset
  }

  octet(): number {
    return this.#bytes.readUInt8(this.#advance(1))
  }

  short(): number {
    return this.#bytes.readUInt16BE(this.#advance(2))
  }

  long(): number {
    return this.#bytes.readUInt32BE(this.#advance(4))
  }

  /** Reads an unsigned number of 64 bits. Above 2^53 it is rounded; no tag, size or time is that large. */
  longlong(): number {
    return Number(this.#bytes.readBigUInt64BE(this.#advance(8)))
  }

  /** Reads an unsigned number of 64 bits exactly. The time of a message may be larger than a double can hold. */
  exact(): number | bigint {
    const value = this.#bytes.readBigUInt64BE(this.#advance(8))
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
  }

  shortText(): ByteText {
    return this.take(this.octet()).toString('latin1')
  }

  longBytes(): Buffer {
    return this.take(this.long())
  }

  /** Returns the next bytes, without a copy. */
  take(length: number): Buffer {
    const from = this.#advance(length)
    return this.#bytes.subarray(from, from + length)
  }

  #advance(length: number): number {
    const from = this.#offset
    if (from + length > this.#bytes.length) throw new WireError('a value ends after its frame')
    this.#offset = from + length
    return from
  }
}

/** Writes the primitive values of AMQP into a buffer that grows. */
export class ByteWriter {
  #bytes: Buffer
  #length = 0

  constructor(room = 256) {
    this.#bytes = Buffer.allocUnsafe(room)
  }

  octet(value: number): this {
    const at = this.#grow(1)
    this.#bytes.writeUInt8(value & 0xff, at)
    return this
  }

  short(value: number): this {
    const at = this.#grow(2)
    this.#bytes.writeUInt16BE(value & 0xffff, at)
    return this
  }

  long(value: number): this {
    const at = this.#grow(4)
    this.#bytes.writeUInt32BE(value >>> 0, at)
    return this
  }

  exact(value: number | bigint): this {
    const at = this.#grow(8)
    this.#bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)), at)
    return this
  }

  longlong(value: number): this {
    const at = this.#grow(8)
    this.#bytes.writeBigUInt64BE(BigInt(value), at)
    return this
  }

  /** @throws WireError if the text has more than 255 bytes */
  shortText(value: ByteText): this {
    const { length } = value
    if (length > 255) throw new WireError('a short text takes at most 255 bytes')
    this.octet(length)
    const at = this.#grow(length)
    this.#bytes.write(value, at, 'latin1')
    return this
  }

  longBytes(value: Buffer): this {
    return this.long(value.length).put(value)
  }

  put(value: Buffer): this {
    const from = this.#grow(value.length)
    value.copy(this.#bytes, from)
    return this
  }

  /** Returns what was written. The writer must not be used after that. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #grow(length: number): number {
    const from = this.#length
    this.#length += length
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, from)
      this.#bytes = larger
    }
    return from
  }
}
