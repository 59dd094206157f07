import type { Channel } from '../../amqp/channel.js'
import { unlessAborted } from '../../async/timing.js'
import type { Lane } from '../../connection/lanes/lane.js'
import { RecoveringChannel } from '../../connection/recovering-channel.js'
import { BrokerError } from '../../errors/broker-error.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { OutgoingMessage } from '../../message/message.js'
import { newMessageId } from '../../message/message-id.js'

const ACCESS_REFUSED = 403
const CLOSE_TIMEOUT_MS = 2_000

/**
 * Publishes replies without confirms. Confirms would be of no use, because the client waits for a limited time.
 *
 * It is a channel of its own, because the broker may close the channel over a reply, and would then redeliver all
 * requests that a consuming channel holds.
 */
export class ReplyChannel {
  readonly #options: ReplyChannelOptions
  readonly #channel: RecoveringChannel
  /** The one that delivers requests. */
  #delivering: Channel | undefined
  #waiting: (() => void)[] = []

  constructor(options: ReplyChannelOptions) {
    this.#options = options
    this.#channel = new RecoveringChannel({
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

  /**
   * Opens the channel once, and makes sure that replies may be published before any request comes. If that permission
   * is revoked later, the delivering channel is closed, so another server may answer its requests.
   *
   * @param delivering - the channel that will deliver requests, on which nothing is consumed yet
   * @throws {@link BrokerError} if the permission to write to the default exchange is missing; {@link ConnectionError}
   */
  async start(delivering: Channel): Promise<void> {
    void this.#channel.run()
    this.#delivering = delivering
    delivering.publish(toNobody())
    try {
      // Any answer says that the broker has read the message before it.
      await delivering.prefetch(1)
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error
      throw new BrokerError(`Answering the requests of '${this.#options.name}'`, error, { cause: error })
    }
  }

  /** Publishes a reply, when the channel is free. @throws the error of properties that cannot be encoded */
  publish(reply: OutgoingMessage): void {
    this.#channel.current?.publish(reply)
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#channel.close(timeoutMs)
  }

  /** Whether the channel takes one more reply at once. */
  get isFree(): boolean {
    const { lane, maxQueuedBytes } = this.#options
    const { current } = this.#channel
    return current?.isOpen === true && lane.state !== 'blocked' && current.backlog.bytes < maxQueuedBytes
  }

  /** Waits until the channel takes one more reply. @returns `false` when the signal is aborted first */
  async untilFree(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted && !this.isFree) await unlessAborted(signal, this.#change()).catch(() => undefined)
    return !signal.aborted
  }

  /** Resolves when the channel may have become free. */
  async #change(): Promise<void> {
    const { current } = this.#channel
    if (current?.isOpen !== true) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else if (this.#options.lane.state === 'blocked') await this.#options.lane.whenWritable(current.signal)
    else await current.backlog.taken()
  }

  #onLost(reason: LeveretError): boolean {
    if (!(reason instanceof BrokerError)) return false
    this.#options.lost(reason)
    if (reason.replyCode === ACCESS_REFUSED) void this.#delivering?.close(CLOSE_TIMEOUT_MS, reason)
    return false
  }
}

/** Options of {@link ReplyChannel}. */
export interface ReplyChannelOptions {
  readonly lane: Lane
  /** The name of the procedure. */
  readonly name: string
  /** The limit for replies that wait in the socket. */
  readonly maxQueuedBytes: number
  /** Called when the broker has closed the channel: replies written just before may not have arrived. */
  lost(reason: BrokerError): void
}

/** The default exchange drops it, because no queue has an empty name. */
function toNobody(): OutgoingMessage {
  const properties = { messageId: newMessageId() }
  return { exchange: '', routingKey: '', content: Buffer.alloc(0), properties, mandatory: false }
}
