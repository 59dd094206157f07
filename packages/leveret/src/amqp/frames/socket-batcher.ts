import type { Duplex } from 'node:stream'

/** Size of the buffer that gathers chunks. A longer chunk is written by itself. */
const PIECE_BYTES = 64 * 1024
const LONG_BYTES = 16 * 1024

/**
 * Gathers everything that is written to a socket in one turn of the event loop, and writes it with one system call.
 * Otherwise each frame would be a call, and without Nagle's algorithm also a packet of its own.
 *
 * Other code that writes to the socket goes through here too, so the order of all writes is kept.
 *
 * @see https://nodejs.org/api/net.html#socketsetnodelaynodelay
 */
export class SocketBatcher {
  readonly #socket: Duplex
  readonly #write: (chunk: Uint8Array) => boolean
  #piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  #from = 0
  #to = 0
  #isCorked = false
  /** Whether the broker still reads what is written now, as far as is known. */
  isOpen = true

  constructor(socket: Duplex) {
    this.#socket = socket
    const { write, end } = socket
    this.#write = write as (chunk: Uint8Array) => boolean
    socket.write = (...args: readonly unknown[]) => {
      const [chunk] = args
      if (args.length === 1 && chunk instanceof Uint8Array) return this.write(chunk)
      this.#flush()
      return Reflect.apply(write, socket, args)
    }
    socket.end = (...args: readonly unknown[]) => {
      this.#flush()
      return Reflect.apply(end, socket, args)
    }
  }

  /** Marks the socket as closing: the broker may not read what is written from now on. */
  markClosing(): void {
    this.isOpen = false
  }

  /** @returns `false` if the socket's buffer is full; its event `drain` follows */
  write(chunk: Uint8Array): boolean {
    if (chunk.length > LONG_BYTES) {
      this.#cork()
      this.#flush()
      return this.#write.call(this.#socket, chunk)
    }
    const { bytes, offset } = this.room(chunk.length)
    bytes.set(chunk, offset)
    this.keep(chunk.length)
    return !this.#socket.writableNeedDrain
  }

  /**
   * Reserves room for bytes. They are sent if {@link keep} is called next, and else never.
   *
   * @param length - at most 16 KiB
   */
  room(length: number): Reserved {
    if (this.#to + length > PIECE_BYTES) this.#next()
    return { bytes: this.#piece, offset: this.#to }
  }

  /**
   * Sends the bytes that were written into the last {@link room}.
   *
   * @param length - how many bytes were written
   */
  keep(length: number): void {
    if (this.#from === this.#to) process.nextTick(this.#flush)
    this.#to += length
  }

  readonly #flush = (): void => {
    if (this.#from === this.#to) return
    const gathered = this.#piece.subarray(this.#from, this.#to)
    this.#from = this.#to
    this.#write.call(this.#socket, gathered)
  }

  /** Has the socket gather for the rest of this turn, so that a long chunk and what is before it are one call too. */
  #cork(): void {
    if (this.#isCorked) return
    this.#isCorked = true
    this.#socket.cork()
    process.nextTick(this.#uncork)
  }

  readonly #uncork = (): void => {
    this.#isCorked = false
    this.#flush()
    this.#socket.uncork()
  }

  /** Takes a new buffer. Bytes in the old one may not have left yet, so it is not reused. */
  #next(): void {
    this.#flush()
    this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
    this.#from = 0
    this.#to = 0
  }
}

/** Place in a buffer for bytes that go out at the end of this turn. */
export interface Reserved {
  readonly bytes: Buffer
  readonly offset: number
}
