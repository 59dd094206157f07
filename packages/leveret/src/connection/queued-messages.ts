import type { ConnectSettings } from './connect-options.js'

/**
 * A share counts as low below this many waiting messages. They suffice to keep its line from being empty when turns are
 * given.
 */
const LOW_COUNT = 64

/** The part of the waiting messages that belongs to one sender. */
export class SenderShare {
  count = 0
  bytes = 0
  /** Called once when little of the share is left. */
  onLow: (() => void) | undefined
}

/** Counts what waits for its turn, over all roles of a connection, and decides whether there is room for more. */
export class QueuedMessages {
  readonly #bounds: Pick<ConnectSettings, 'maxQueued' | 'maxQueuedBytes'>
  /** How many messages wait. */
  count = 0
  #bytes = 0
  /** How many shares have a message waiting. */
  #sharing = 0

  constructor(bounds: Pick<ConnectSettings, 'maxQueued' | 'maxQueuedBytes'>) {
    this.#bounds = bounds
  }

  enter(share: SenderShare, bytes: number): void {
    if (share.count === 0) this.#sharing += 1
    share.count += 1
    share.bytes += bytes
    this.count += 1
    this.#bytes += bytes
  }

  leave(share: SenderShare, bytes: number): void {
    share.count -= 1
    share.bytes -= bytes
    this.count -= 1
    this.#bytes -= bytes
    if (share.count === 0) this.#sharing -= 1
    if (share.onLow === undefined || !this.#isLow(share)) return
    const { onLow } = share
    share.onLow = undefined
    onLow()
  }

  /**
   * Waits until so little of the share is left that its sender may bring the next message. Only one caller waits at a
   * time.
   *
   * @returns `undefined` if the next message may come at once
   */
  whenLow(share: SenderShare): Promise<void> | undefined {
    if (this.#isLow(share)) return undefined
    return new Promise((resolve) => {
      share.onLow = resolve
    })
  }

  #isLow({ count, bytes }: SenderShare): boolean {
    return count === 0 || (count < LOW_COUNT && bytes < this.#bounds.maxQueuedBytes / 4)
  }

  /**
   * Says why a message of this size has no room; `undefined` if it has.
   *
   * A message of any allowed size has room if nothing else waits. A sender with less than its equal share waiting is
   * not refused because of others, until twice the bounds are reached.
   */
  refusal(share: SenderShare, bytes: number): string | undefined {
    if (this.count === 0) return undefined
    const { maxQueued, maxQueuedBytes } = this.#bounds
    if (this.#fits(bytes, 1)) return undefined
    const sharing = this.#sharing + (share.count === 0 ? 1 : 0)
    const isModest = (share.count + 1) * sharing <= maxQueued && (share.bytes + bytes) * sharing <= maxQueuedBytes
    if (isModest && this.#fits(bytes, 2)) return undefined
    return this.count >= maxQueued
      ? `maxQueued (${maxQueued}) is reached: too many messages are waiting`
      : `maxQueuedBytes (${maxQueuedBytes}) is reached: too many bytes are waiting`
  }

  #fits(bytes: number, times: number): boolean {
    const { maxQueued, maxQueuedBytes } = this.#bounds
    return this.count < times * maxQueued && this.#bytes + bytes <= times * maxQueuedBytes
  }
}
