import { randomUUID } from 'node:crypto'
import type { Channel } from '../../amqp/channel.js'
import { Tags } from '../../collections/tags.js'
import type { ConnectSettings } from '../../connection/connect-options.js'
import type { Lane } from '../../connection/lanes/lane.js'
import { LastingChannel } from '../../connection/recovering-channel.js'
import { ConnectionError, type LeveretError } from '../../errors/errors.js'
import type { OutgoingMessage, ReceivedMessage, ReturnedMessage } from '../../message/message.js'
import type { Call } from './call.js'

/** Not a queue: the broker hands on what is sent to it to this channel, and forgets it with the channel. @see https://www.rabbitmq.com/docs/direct-reply-to */
const REPLY_TO = 'amq.rabbitmq.reply-to'
const CLOSE_TIMEOUT_MS = 2_000

/** What a request channel is made of. */
export interface RequestChannelOptions {
  readonly lane: Lane
  readonly queue: string
  /** Whether the broker is to confirm each request. */
  readonly confirm: boolean
  /** What bounds requests that wait in the socket, and those without their confirm. */
  readonly limits: Pick<ConnectSettings, 'maxInFlight' | 'maxQueuedBytes'>
  /** There may be room to write. */
  ready(): void
  /** The broker has answered for a request. */
  confirmed(call: Call, accepted: boolean): void
  /** No queue took it. */
  returned(message: ReturnedMessage): void
  replied(reply: ReceivedMessage): void
  lost(reason: LeveretError): void
}

/** Publishes requests, and consumes their replies, which direct reply-to gives to that same channel only. */
export class RequestChannel {
  readonly #options: RequestChannelOptions
  readonly #channel: LastingChannel
  readonly #unconfirmed = new Tags<Call>()
  /** Resolves when a full socket has been emptied. Never rejects. */
  #flushing: Promise<void> | undefined
  #started = false
  #why: string | undefined

  constructor(options: RequestChannelOptions) {
    this.#options = options
    this.#channel = new LastingChannel({
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
      // Before the first request: RabbitMQ refuses one that asks for a direct reply to a channel that consumes none.
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

  /** Why not. */
  get why(): string | undefined {
    return this.#why
  }

  /** Opens the channel, once. */
  start(): void {
    this.#started = true
    void this.#channel.run()
  }

  /** @returns `false` when it has to wait. @throws what is wrong with properties that cannot be encoded */
  write(call: Call, message: OutgoingMessage): boolean {
    const { current } = this.#channel
    if (current === undefined || !this.#hasRoom(current)) return false
    const tag = current.publish(addressed(message, call))
    if (tag === undefined) return false
    if (this.#options.confirm) this.#unconfirmed.add(tag, call)
    return true
  }

  /** What has been given up may still wait in the socket, or for its confirm. */
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

/**
 * The broker drops a request that has waited for as long as its client does, and a server one that it has held too long: it counts
 * the time from the arrival, because its clock may be another one, and takes the deadline for what the request has waited before.
 */
function addressed(message: OutgoingMessage, { dueAt }: Call): OutgoingMessage {
  const { properties } = message
  const leftMs = Math.max(Math.ceil(dueAt - performance.now()), 1)
  return {
    ...message,
    properties: {
      ...properties,
      // Who waits for the answer does not outlive a restart of the broker.
      deliveryMode: 1,
      replyTo: REPLY_TO,
      expiration: String(leftMs),
      headers: { ...properties.headers, 'leveret-timeout': leftMs, 'leveret-deadline': Date.now() + leftMs },
    },
  }
}
