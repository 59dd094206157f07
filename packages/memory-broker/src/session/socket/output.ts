import type { Socket } from 'node:net'
import type { Message } from '../../broker/message/message.js'
import { encodeFrame, FRAME, FRAME_OVERHEAD } from '../../wire/frames.js'
import { encodeMethod } from '../../wire/method-codec.js'
import type { Arguments, MethodName } from '../../wire/methods.js'
import { encodeContentHeader } from '../../wire/properties.js'

/** How many unread bytes stop the deliveries to a client. */
const HIGH_WATER_BYTES = 4 * 1024 * 1024

/** Collects the frames for a client during a turn, and writes them in one piece. */
export class Output {
  readonly #socket: Socket
  readonly #sent: () => void
  readonly #drained: () => void
  readonly #beforeFlush = new Set<() => void>()
  #pieces: Buffer[] = []
  #bytes = 0
  #planned = false
  #paused = false
  /** The agreed `frame_max`; 0 for no limit. */
  frameMax = 0

  /**
   * @param sent - called after a write
   * @param drained - called when there is room again after there was none
   */
  constructor(socket: Socket, { sent, drained }: { readonly sent: () => void; readonly drained: () => void }) {
    this.#socket = socket
    this.#sent = sent
    this.#drained = drained
    socket.on('drain', drained)
  }

  /** Whether the client reads fast enough to get more deliveries. */
  get isWritable(): boolean {
    return this.#bytes + this.#socket.writableLength < HIGH_WATER_BYTES
  }

  /** Whether bytes wait to be written. */
  get isBusy(): boolean {
    return this.#bytes > 0 || this.#socket.writableLength > 0
  }

  send<Name extends MethodName>(channel: number, name: Name, args: Arguments<Name>): void {
    this.raw(encodeFrame(FRAME.method, channel, encodeMethod(name, args)))
  }

  /** Sends a method with a message. */
  sendContent<Name extends MethodName>(channel: number, name: Name, args: Arguments<Name>, message: Message): void {
    const { body, encoded } = message
    this.send(channel, name, args)
    this.raw(encodeFrame(FRAME.header, channel, encodeContentHeader(body.length, encoded)))
    const most = this.frameMax === 0 ? body.length : this.frameMax - FRAME_OVERHEAD
    for (let from = 0; from < body.length; from += most)
      this.raw(encodeFrame(FRAME.body, channel, body.subarray(from, from + most)))
  }

  raw(bytes: Buffer): void {
    this.#pieces.push(bytes)
    this.#bytes += bytes.length
    this.plan()
  }

  /** Calls a function once before the next write. */
  whenFlushed(run: () => void): void {
    this.#beforeFlush.add(run)
    this.plan()
  }

  /** Holds all writes back while paused. */
  setPaused(isPaused: boolean): void {
    this.#paused = isPaused
    if (!isPaused) this.plan()
  }

  plan(): void {
    if (this.#planned) return
    this.#planned = true
    queueMicrotask(() => this.flush())
  }

  flush(): void {
    if (this.#paused) {
      this.#planned = false
      return
    }
    for (const run of this.#beforeFlush) run()
    this.#beforeFlush.clear()
    this.#planned = false
    if (this.#bytes > 0) this.#write()
  }

  #write(): void {
    const hadNoRoom = !this.isWritable
    const bytes = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#bytes = 0
    if (bytes === undefined || this.#socket.destroyed || this.#socket.writableEnded) return
    // The system may take everything at once. The socket then never was full, and emits no `drain`.
    if (this.#socket.write(bytes) && hadNoRoom) setImmediate(this.#drained)
    this.#sent()
  }
}
