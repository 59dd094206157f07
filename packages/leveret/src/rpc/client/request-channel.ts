import { randomUUID } from 'node:crypto'
import type { Channel } from '../../amqp/channel.js'
import { Tags } from '../../collections/tags.js'
import type { ConnectSettings } from '../../connection/connect-options.js'
import type { Lane } from '../../connection/lanes/lane.js'
import { RecoveringChannel } from '../../connection/recovering-channel.js'
import { ConnectionError } from '../../errors/connection-error.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { OutgoingMessage, ReceivedMessage, ReturnedMessage } from '../../message/message.js'
import type { Call } from './call.js'

/**
 * The pseudo-queue of direct reply-to. The broker sends replies to the channel of the request, and drops them when it
 * has ended.
 * @see https://www.rabbitmq.com/docs/direct-reply-to
 */
const REPLY_TO = 'amq.rabbitmq.reply-to'
const CLOSE_TIMEOUT_MS = 2_000

/**
 * Publishes requests, and consumes their replies, on one channel: direct reply-to sends replies only to the channel of
 * the request.
 */
export class RequestChannel {
  readonly #options: RequestChannelOptions
  readonly #channel: RecoveringChannel
  readonly #unconfirmed = new Tags<Call>()
  /** Resolves when a full socket has been emptied. Never rejects. */
  #flushing: Promise<void> | undefined
  #started = false
  #why: string | undefined

  constructor(options: RequestChannelOptions) {
    this.#options = options
    this.#channel = new RecoveringChannel({
      lane: options.lane,
      purpose: `calling ${options.queue}`,
      kind: options.confirm ? 'confirm' : 'plain',
      hooks: {
        confirmed: (tag, multiple, accepted) => {
          for (const call of this.#unconfirmed.take(tag, multiple)) options.confirmed(call, accepted)
          options.ready()
        },
        returned: (message) => options.returned(message),
      },
      // Consumes before the first request: RabbitMQ refuses a request with direct reply-to from a channel without that
      // consumer.
      setUp: (channel) => this.#consumeReplies(channel),
      opened: () => {
        this.#why = undefined
        options.ready()
      },
      lost: (reason) => this.#onLost(reason),
      failed: ({ message }) => {
        this.#why = message
      },
      isFinal: () => false,
    })
  }

  /** Whether requests can be sent; `undefined` before the first one. */
  get isAttached(): boolean | undefined {
    return this.#started ? this.#channel.current?.isOpen === true : undefined
  }

  /** The reason why requests cannot be sent. */
  get why(): string | undefined {
    return this.#why
  }

  /** Opens the channel, once. */
  start(): void {
    this.#started = true
    void this.#channel.run()
  }

  /** Writes a request. @returns `false` when it has to wait. @throws the error of properties that cannot be encoded */
  write(call: Call, message: OutgoingMessage): boolean {
    const { current } = this.#channel
    if (current === undefined || !this.#hasRoom(current)) return false
    const tag = current.publish(addressed(message, call))
    if (tag === undefined) return false
    if (this.#options.confirm) this.#unconfirmed.add(tag, call)
    return true
  }

  /** Whether there is room. Requests of calls that have ended may still wait in the socket, or for their confirm. */
  #hasRoom(current: Channel): boolean {
    const { maxInFlight, maxQueuedBytes } = this.#options.limits
    if (this.#unconfirmed.size >= maxInFlight) return false
    const { backlog } = current
    if (backlog.bytes < maxQueuedBytes) return true
    this.#flushing ??= backlog.taken().then(() => {
      this.#flushing = undefined
      this.#options.ready()
    })
    return false
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#channel.close(timeoutMs)
  }

  async #consumeReplies(channel: Channel): Promise<void> {
    const cancelled = new ConnectionError('cancelled', 'The broker cancelled the consumer of the replies')
    await channel.consume(
      REPLY_TO,
      `leveret-${randomUUID()}`,
      (reply) => {
        if (reply === undefined) void channel.close(CLOSE_TIMEOUT_MS, cancelled)
        else this.#options.replied(reply)
      },
      { settlement: 'none' },
    )
  }

  #onLost(reason: LeveretError): boolean {
    this.#unconfirmed.drain()
    this.#why = reason.message
    this.#options.lost(reason)
    return false
  }
}

/** Options of {@link RequestChannel}. */
export interface RequestChannelOptions {
  readonly lane: Lane
  readonly queue: string
  /** Whether the broker confirms each request. */
  readonly confirm: boolean
  /** The limits for requests that wait in the socket, and for unconfirmed ones. */
  readonly limits: Pick<ConnectSettings, 'maxInFlight' | 'maxQueuedBytes'>
  /** Called when there may be room to write. */
  ready(): void
  /** Called when the broker has confirmed or refused a request. */
  confirmed(call: Call, accepted: boolean): void
  /** Called when the broker has returned a request, because no queue took it. */
  returned(message: ReturnedMessage): void
  replied(reply: ReceivedMessage): void
  lost(reason: LeveretError): void
}

/**
 * Makes a request that expires when its client gives up. The broker drops it then (`expiration`), and a server skips
 * it. A server counts `leveret-timeout` from the arrival, because its clock may differ, and learns from
 * `leveret-deadline` how long the request has waited before.
 */
function addressed(message: OutgoingMessage, { dueAt }: Call): OutgoingMessage {
  const { properties } = message
  const leftMs = Math.max(Math.ceil(dueAt - performance.now()), 1)
  return {
    ...message,
    properties: {
      ...properties,
      // Not persistent: a client does not wait beyond a restart of the broker.
      deliveryMode: 1,
      replyTo: REPLY_TO,
      expiration: String(leftMs),
      headers: { ...properties.headers, 'leveret-timeout': leftMs, 'leveret-deadline': Date.now() + leftMs },
    },
  }
}
