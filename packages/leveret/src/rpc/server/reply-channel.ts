import type { Soon } from '../../async/maybe-promise.js'
import { unlessAborted } from '../../async/timing.js'
import type { Lane } from '../../connection/lanes/lane.js'
import { LastingChannel } from '../../connection/recovering-channel.js'
import { BrokerError, type LeveretError } from '../../errors/errors.js'
import type { OutgoingMessage } from '../../message/message.js'

/** What a reply channel is made of. */
export interface ReplyChannelOptions {
  readonly lane: Lane
  /** Of the procedure. */
  readonly name: string
  /** Bounds what waits in the socket. */
  readonly maxQueuedBytes: number
  /** The broker has closed it: answers written just before may not have arrived. */
  lost(reason: BrokerError): void
}

/**
 * Publishes answers, without confirms: nobody could use them, because whoever asked waits for a bounded time.
 *
 * It is none of those that deliver requests, because the broker may close it over an answer, and would deliver again what is in hand there.
 */
export class ReplyChannel {
  readonly #options: ReplyChannelOptions
  readonly #channel: LastingChannel
  #waiting: (() => void)[] = []

  constructor(options: ReplyChannelOptions) {
    this.#options = options
    this.#channel = new LastingChannel({
      lane: options.lane,
      purpose: `answering ${options.name}`,
      kind: 'plain',
      setUp: async () => undefined,
      opened: () => {
        for (const resolve of this.#waiting.splice(0)) resolve()
      },
      lost: (reason) => this.#onLost(reason),
      failed: () => undefined,
      isFinal: () => false,
    })
  }

  /** Opens the channel, once. */
  start(): void {
    void this.#channel.run()
  }

  /** No promise where it takes one more at once, as it mostly does. @returns `false` when the signal is aborted first */
  whenFree(signal: AbortSignal): Soon<boolean> {
    return this.#isFree || this.#untilFree(signal)
  }

  /** Call when it is free. @throws what is wrong with properties that cannot be encoded */
  publish(reply: OutgoingMessage): void {
    this.#channel.current?.publish(reply)
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#channel.close(timeoutMs)
  }

  get #isFree(): boolean {
    const { lane, maxQueuedBytes } = this.#options
    const { current } = this.#channel
    return current?.isOpen === true && lane.state !== 'blocked' && current.backlog.bytes < maxQueuedBytes
  }

  async #untilFree(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted && !this.#isFree) await unlessAborted(signal, this.#change()).catch(() => undefined)
    return !signal.aborted
  }

  /** Resolves when it may have become free. */
  async #change(): Promise<void> {
    const { current } = this.#channel
    if (current?.isOpen !== true) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else if (this.#options.lane.state === 'blocked') await this.#options.lane.whenWritable(current.signal)
    else await current.backlog.taken()
  }

  #onLost(reason: LeveretError): boolean {
    if (reason instanceof BrokerError) this.#options.lost(reason)
    return false
  }
}
