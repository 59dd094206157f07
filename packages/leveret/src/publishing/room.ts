import type { ConnectSettings } from '../connection/connect-options.js'
import type { PublishRequest } from './request.js'

/** Why a message is not taken at all. */
export interface Refusal {
  readonly why: string
  readonly retryable: boolean
  readonly cause?: unknown
}

/** How much waits for its turn, over all roles of a connection, and whether there is room for more. */
export class Room {
  readonly #settings: Pick<ConnectSettings, 'maxMessageBytes' | 'maxQueued' | 'maxQueuedBytes'>
  #count = 0
  #bytes = 0
  #onChange: (() => void)[] = []
  #stirring: NodeJS.Immediate | undefined

  constructor(settings: Pick<ConnectSettings, 'maxMessageBytes' | 'maxQueued' | 'maxQueuedBytes'>) {
    this.#settings = settings
  }

  enter(bytes: number): void {
    this.#count += 1
    this.#bytes += bytes
  }

  leave(bytes: number): void {
    this.#count -= 1
    this.#bytes -= bytes
    // Once a turn: many may wait, and many leave together.
    if (this.#onChange.length > 0) this.#stirring ??= setImmediate(() => this.stir())
  }

  /** @returns a function that leaves again */
  reserve(bytes: number): () => void {
    this.enter(bytes)
    return () => this.leave(bytes)
  }

  /** One message of any allowed size always has room. */
  has(bytes: number): boolean {
    if (this.#count === 0) return true
    return this.#count < this.#settings.maxQueued && this.#bytes + bytes <= this.#settings.maxQueuedBytes
  }

  /** Resolves when something has left. */
  async change(): Promise<void> {
    await new Promise<void>((resolve) => this.#onChange.push(resolve))
  }

  /** Has those who wait for room look again. */
  stir(): void {
    this.#stirring = undefined
    for (const look of this.#onChange.splice(0)) look()
  }

  /**
   * A message without a deadline is one that must not be lost, and a copy of what the broker has stored: it is not refused.
   *
   * @param mustWait - it could not be written at once
   */
  refusal({ message, timeoutMs, signal, failFast }: PublishRequest, mustWait: boolean): Refusal | undefined {
    const { maxMessageBytes, maxQueued, maxQueuedBytes } = this.#settings
    const bytes = message.content.length
    if (signal?.aborted) return { why: 'its signal was aborted', retryable: true, cause: signal.reason }
    if (bytes > maxMessageBytes && timeoutMs !== Number.POSITIVE_INFINITY) {
      return { why: `its content has ${bytes} bytes and maxMessageBytes is ${maxMessageBytes}`, retryable: false }
    }
    if (failFast === true && mustWait) return { why: 'it would have to wait, and failFast is set', retryable: true }
    if (timeoutMs === Number.POSITIVE_INFINITY || this.has(bytes)) return undefined
    const bound =
      this.#count >= maxQueued
        ? `messages as maxQueued allows (${maxQueued})`
        : `bytes as maxQueuedBytes allows (${maxQueuedBytes})`
    return { why: `as many ${bound} are waiting`, retryable: true }
  }
}
