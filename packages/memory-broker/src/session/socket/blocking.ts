import type { Socket } from 'node:net'
import type { Broker } from '../../broker/broker.js'
import type { Output } from './output.js'

export interface BlockingParts {
  readonly broker: Broker
  readonly output: Output
  /** Whether the client understands `connection.blocked`. */
  readonly isTold: () => boolean
  readonly socket: Socket
  /** Handles the bytes that were read before the block. */
  readonly resumed: () => void
}

/** Stops reading from a publishing connection while memory or disk is short. */
export class Blocking {
  readonly #parts: BlockingParts
  #isBlocked = false
  #stopListening: () => void = () => undefined

  constructor(parts: BlockingParts) {
    this.#parts = parts
  }

  get isBlocked(): boolean {
    return this.#isBlocked
  }

  start(): void {
    this.#stopListening = this.#parts.broker.alarms.onChange(() => this.#alarmChanged())
  }

  stop(): void {
    this.#isBlocked = false
    this.#stopListening()
  }

  /** Called when the client has begun a message. */
  published(): void {
    const { broker, output } = this.#parts
    broker.watchMemory()
    const { reason } = broker.alarms
    if (reason === undefined || this.#isBlocked) return
    this.#isBlocked = true
    this.#parts.socket.pause()
    if (this.#parts.isTold()) output.send(0, 'connection.blocked', { reason })
  }

  #alarmChanged(): void {
    if (!this.#isBlocked || this.#parts.broker.alarms.reason !== undefined) return
    this.#isBlocked = false
    if (this.#parts.isTold()) this.#parts.output.send(0, 'connection.unblocked', {})
    this.#parts.socket.resume()
    this.#parts.resumed()
  }
}
