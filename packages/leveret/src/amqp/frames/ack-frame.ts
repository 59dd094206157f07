import { BASIC, FRAME_BYTES, FRAME_END, FRAME_HEAD_BYTES, METHOD_FRAME } from './frame-format.js'
import { FrameWriter } from './frame-writer.js'
import type { SocketBatcher } from './socket-batcher.js'

const ACK = 80
/** Bytes of the arguments: class, method, delivery tag and the bit `multiple`. */
const ARGUMENT_BYTES = 2 + 2 + 8 + 1
const TAG_AT = FRAME_HEAD_BYTES + 4

/**
 * Writes acks (`basic.ack`) as the same frames that amqplib would write. They differ in nothing but their tag and one
 * bit.
 */
export class AckFrame {
  readonly #wire: SocketBatcher
  readonly #writer = new FrameWriter(Buffer.alloc(FRAME_BYTES + ARGUMENT_BYTES), 0)

  constructor(wire: SocketBatcher, channel: number) {
    this.#wire = wire
    this.#writer.beginFrame(METHOD_FRAME, channel, ARGUMENT_BYTES)
    this.#writer.short(BASIC)
    this.#writer.short(ACK)
    this.#writer.longLong(0)
    this.#writer.octet(0)
    this.#writer.octet(FRAME_END)
  }

  /**
   * @param tag - a safe integer from 0
   * @param multiple - whether the ack is for all earlier deliveries too
   * @returns `false` if the broker no longer reads; then nothing was written
   */
  write(tag: number, multiple: boolean): boolean {
    if (!this.#wire.isOpen) return false
    this.#writer.at = TAG_AT
    this.#writer.longLong(tag)
    this.#writer.octet(multiple ? 1 : 0)
    this.#wire.write(this.#writer.bytes)
    return true
  }
}
