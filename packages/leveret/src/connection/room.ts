import type { ConnectSettings } from './connect-options.js'

/** Whoever brings one message after the other brings so many before the first has had its turn: his line is then not empty when turns are given. */
const LOW_COUNT = 64

/** What one sender has waiting for its turn. */
export class Share {
  count = 0
  bytes = 0
  /** Called, once, when little of it is left. */
  onLow: (() => void) | undefined
}

/** Over all roles of a connection, how much waits for its turn, and whether there is room for more. */
export class Room {
  readonly #bounds: Pick<ConnectSettings, 'maxQueued' | 'maxQueuedBytes'>
  #count = 0
  #bytes = 0
  /** Shares of which something waits. */
  #sharing = 0

  constructor(bounds: Pick<ConnectSettings, 'maxQueued' | 'maxQueuedBytes'>) {
    this.#bounds = bounds
  }

  enter(share: Share, bytes: number): void {
    if (share.count === 0) this.#sharing += 1
    share.count += 1
    share.bytes += bytes
    this.#count += 1
    this.#bytes += bytes
  }

  leave(share: Share, bytes: number): void {
    share.count -= 1
    share.bytes -= bytes
    this.#count -= 1
    this.#bytes -= bytes
    if (share.count === 0) this.#sharing -= 1
    if (share.onLow === undefined || !this.#isLow(share)) return
    const { onLow } = share
    share.onLow = undefined
    onLow()
  }

  /**
   * For who brings one message after the other, of any number. One may ask at a time.
   *
   * @returns `undefined` when so little of the share waits that the next may be brought; else resolves when it is so
   */
  whenLow(share: Share): Promise<void> | undefined {
    if (this.#isLow(share)) return undefined
    return new Promise((resolve) => {
      share.onLow = resolve
    })
  }

  #isLow({ count, bytes }: Share): boolean {
    return count === 0 || (count < LOW_COUNT && bytes < this.#bounds.maxQueuedBytes / 4)
  }

  /**
   * One message of any allowed size has room where nothing waits. A sender that has less than its share waiting is not refused because
   * of the others, up to twice the bounds.
   *
   * @returns why a message of so many bytes has no room
   */
  refusal(share: Share, bytes: number): string | undefined {
    if (this.#count === 0) return undefined
    const { maxQueued, maxQueuedBytes } = this.#bounds
    if (this.#fits(bytes, 1)) return undefined
    const sharing = this.#sharing + (share.count === 0 ? 1 : 0)
    const isModest = (share.count + 1) * sharing <= maxQueued && (share.bytes + bytes) * sharing <= maxQueuedBytes
    if (isModest && this.#fits(bytes, 2)) return undefined
    return this.#count >= maxQueued
      ? `as many messages as maxQueued allows (${maxQueued}) are waiting`
      : `as many bytes as maxQueuedBytes allows (${maxQueuedBytes}) are waiting`
  }

  #fits(bytes: number, times: number): boolean {
    const { maxQueued, maxQueuedBytes } = this.#bounds
    return this.#count < times * maxQueued && this.#bytes + bytes <= times * maxQueuedBytes
  }
}
