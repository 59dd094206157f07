import type { Duplex } from 'node:stream'

/** What is gathered in one piece; a longer chunk goes by itself. */
const PIECE_BYTES = 64 * 1024
const LONG_BYTES = 16 * 1024

/**
 * All that is written to a socket, gathered for one turn of the event loop: one call of the system, where each frame would be one,
 * and a packet of its own without Nagle's algorithm.
 *
 * What is written to the socket by others comes here too, so the order is the one in which it was written.
 *
 * @see https://nodejs.org/api/net.html#socketsetnodelaynodelay
 */
export class SocketBatcher {
  readonly #socket: Duplex
  readonly #write: (chunk: Uint8Array) => boolean
  #piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  #from = 0
  #to = 0
  #isOver = false

  constructor(socket: Duplex) {
    this.#socket = socket
    const { write, end } = socket
    this.#write = (chunk) => Reflect.apply(write, socket, [chunk])
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

  /** Whether what is written now is still read by the broker, as far as is known. */
  get isOpen(): boolean {
    return !this.#isOver
  }

  /** The last words have been written. */
  over(): void {
    this.#isOver = true
  }

  /** @returns `false` when the socket takes no more for now: its `drain` follows */
  write(chunk: Uint8Array): boolean {
    if (chunk.length > LONG_BYTES) {
      this.#flush()
      return this.#write(chunk)
    }
    const { bytes, offset } = this.room(chunk.length)
    bytes.set(chunk, offset)
    this.keep(chunk.length)
    return !this.#socket.writableNeedDrain
  }

  /** @param length - at most 16 KiB. What is written there now goes out with {@link keep}, or not at all */
  room(length: number): Reserved {
    if (this.#to + length > PIECE_BYTES) this.#next()
    return { bytes: this.#piece, offset: this.#to }
  }

  /** @param length - of what was written into the last {@link room} */
  keep(length: number): void {
    if (this.#from === this.#to) process.nextTick(this.#flush)
    this.#to += length
  }

  readonly #flush = (): void => {
    if (this.#from === this.#to) return
    const gathered = this.#piece.subarray(this.#from, this.#to)
    this.#from = this.#to
    this.#write(gathered)
  }

  /** What was gathered may not have left yet, so its place is not used again. */
  #next(): void {
    this.#flush()
    this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
    this.#from = 0
    this.#to = 0
  }
}

/** Where bytes that go out at the end of this turn may be written. */
export interface Reserved {
  readonly bytes: Buffer
  readonly offset: number
}
