import { FRAME_END } from './frame-writer.js'
import type { SocketBatcher } from './socket-batcher.js'

const METHOD = 1
const BASIC = 60
const ACK = 80
/** Bytes of the arguments: class, method, delivery tag and the bit `multiple`. */
const ARGUMENT_BYTES = 2 + 2 + 8 + 1
const HEAD_BYTES = 7
const TAG_AT = HEAD_BYTES + 4

/**
 * Writes acks (`basic.ack`) as the same frames that amqplib would write. They differ in nothing but their tag and one
 * bit.
 */
export class AckFrame {
  readonly #wire: SocketBatcher
  readonly #bytes = Buffer.alloc(HEAD_BYTES + ARGUMENT_BYTES + 1)

  constructor(wire: SocketBatcher, channel: number) {
    this.#wire = wire
    this.#bytes.writeUInt8(METHOD)
    this.#bytes.writeUInt16BE(channel, 1)
    this.#bytes.writeUInt32BE(ARGUMENT_BYTES, 3)
    this.#bytes.writeUInt16BE(BASIC, HEAD_BYTES)
    this.#bytes.writeUInt16BE(ACK, HEAD_BYTES + 2)
    this.#bytes.writeUInt8(FRAME_END, HEAD_BYTES + ARGUMENT_BYTES)
  }

  /**
   * @param tag - a safe integer from 0
   * @param multiple - whether the ack is for all earlier deliveries too
   * @returns `false` if the broker no longer reads; then nothing was written
   */
  write(tag: number, multiple: boolean): boolean {
    if (!this.#wire.isOpen) return false
    this.#bytes.writeUInt32BE(Math.floor(tag / 2 ** 32), TAG_AT)
    this.#bytes.writeUInt32BE(tag >>> 0, TAG_AT + 4)
    this.#bytes[TAG_AT + 8] = multiple ? 1 : 0
    this.#wire.write(this.#bytes)
    return true
  }
}
