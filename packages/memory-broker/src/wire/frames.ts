/** The types of frames. */
export const FRAME = { method: 1, header: 2, body: 3, heartbeat: 8 } as const

const FRAME_END = 0xce
const HEAD_BYTES = 7

/** How many bytes a frame has beside its payload. */
export const FRAME_OVERHEAD: number = HEAD_BYTES + 1

/** The first bytes of a client that speaks AMQP 0-9-1, and the answer to any other client. */
export const PROTOCOL_HEADER: Buffer = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1')

export interface Frame {
  readonly type: number
  readonly channel: number
  readonly payload: Buffer
}

/** The error for a frame that is too long or has no frame end. Nothing after it can be read. */
export class FrameError extends Error {
  override readonly name = 'FrameError'
}

/** Cuts the bytes from a socket into frames. It holds at most one frame, which the largest allowed size bounds. */
export class FrameReader {
  /** The largest frame allowed, overhead included; 0 for no limit. */
  frameMax: number
  #kept: Buffer = Buffer.alloc(0)
  #pieces: Buffer[] = []
  #pending = 0
  #needed = 0

  constructor(frameMax: number) {
    this.frameMax = frameMax
  }

  push(chunk: Buffer): void {
    this.#pieces.push(chunk)
    this.#pending += chunk.length
  }

  /** Takes raw bytes that are not a frame; returns `undefined` until there are enough. */
  take(length: number): Buffer | undefined {
    const bytes = this.#gather(length)
    if (bytes === undefined) return undefined
    this.#kept = bytes.subarray(length)
    return bytes.subarray(0, length)
  }

  /** How many bytes have come that are not part of a complete frame. */
  get left(): number {
    return this.#kept.length + this.#pending
  }

  /**
   * @returns the next frame; `undefined` until it is complete. @throws FrameError if it is too long or has no frame end
   */
  next(): Frame | undefined {
    const head = this.#gather(Math.max(HEAD_BYTES, this.#needed))
    if (head === undefined) return undefined
    const size = head.readUInt32BE(3)
    const total = size + FRAME_OVERHEAD
    const type = head.readUInt8(0)
    // RabbitMQ compares the payload alone with `frame_max`, because some clients forget the bytes around it.
    if (this.frameMax > 0 && size > this.frameMax)
      throw new FrameError(
        `type ${type}, all octets = <<>>: {frame_too_large,${size},${this.frameMax - FRAME_OVERHEAD}}`,
      )
    const bytes = this.#gather(total)
    this.#needed = bytes === undefined ? total : 0
    if (bytes === undefined) return undefined
    const end = bytes.readUInt8(total - 1)
    if (end !== FRAME_END) throw new FrameError(`type ${type}, invalid frame end marker ${end}`)
    this.#kept = bytes.subarray(total)
    return { type, channel: bytes.readUInt16BE(1), payload: bytes.subarray(HEAD_BYTES, total - 1) }
  }

  /** Joins the pieces only when they suffice, so that a large frame is copied once. */
  #gather(length: number): Buffer | undefined {
    if (this.#kept.length + this.#pending < length) return undefined
    if (this.#kept.length < length) {
      this.#kept = Buffer.concat([this.#kept, ...this.#pieces])
      this.#pieces = []
      this.#pending = 0
    }
    return this.#kept
  }
}

export function encodeFrame(type: number, channel: number, payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(payload.length + FRAME_OVERHEAD)
  frame.writeUInt8(type, 0)
  frame.writeUInt16BE(channel, 1)
  frame.writeUInt32BE(payload.length, 3)
  payload.copy(frame, HEAD_BYTES)
  frame.writeUInt8(FRAME_END, payload.length + HEAD_BYTES)
  return frame
}

export const HEARTBEAT: Buffer = encodeFrame(FRAME.heartbeat, 0, Buffer.alloc(0))
