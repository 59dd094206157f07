import type { ConnectSettings } from '../connection/connect-options.js'
import type { Publication } from './publication.js'
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

  constructor(settings: Pick<ConnectSettings, 'maxMessageBytes' | 'maxQueued' | 'maxQueuedBytes'>) {
    this.#settings = settings
  }

  enter({ bytes }: Publication): void {
    this.#count += 1
    this.#bytes += bytes
  }

  leave({ bytes }: Publication): void {
    this.#count -= 1
    this.#bytes -= bytes
  }

  /**
   * A message without a deadline is one that must not be lost; it is refused for its own size only.
   *
   * @param mustWait - it could not be written at once
   */
  refusal({ message, timeoutMs, signal, failFast }: PublishRequest, mustWait: boolean): Refusal | undefined {
    const { maxMessageBytes, maxQueued, maxQueuedBytes } = this.#settings
    const bytes = message.content.length
    if (signal?.aborted) return { why: 'its signal was aborted', retryable: true, cause: signal.reason }
    if (bytes > maxMessageBytes) {
      return { why: `its content has ${bytes} bytes and maxMessageBytes is ${maxMessageBytes}`, retryable: false }
    }
    if (failFast === true && mustWait) return { why: 'it would have to wait, and failFast is set', retryable: true }
    if (timeoutMs === Number.POSITIVE_INFINITY || this.#count === 0) return undefined
    if (this.#count >= maxQueued) {
      return { why: `as many messages as maxQueued allows (${maxQueued}) are waiting`, retryable: true }
    }
    if (this.#bytes + bytes <= maxQueuedBytes) return undefined
    return { why: `as many bytes as maxQueuedBytes allows (${maxQueuedBytes}) are waiting`, retryable: true }
  }
}
