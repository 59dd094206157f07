import { randomUUID } from 'node:crypto'
import type { Channel } from '../connection/channel.js'
import type { ConnectSettings } from '../connection/connect-options.js'
import type { Lane } from '../connection/lane.js'
import { LastingChannel } from '../connection/lasting-channel.js'
import type { OutgoingMessage, ReceivedMessage, ReturnedMessage } from '../connection/message.js'
import { ConnectionError, type LeveretError, PublishError } from '../errors.js'
import { SlotMap } from '../slot-map.js'
import type { Call } from './call.js'
import { tell, tellRefused } from './told.js'

/** Not a queue: the broker hands on what is sent to it to this channel, and forgets it with the channel. @see https://www.rabbitmq.com/docs/direct-reply-to */
const REPLY_TO = 'amq.rabbitmq.reply-to'
const CLOSE_TIMEOUT_MS = 2_000

/** What a request channel is made of. */
export interface RequestChannelOptions {
  readonly lane: Lane
  readonly queue: string
  /** Name of the connection. */
  readonly connection: string
  readonly limits: Pick<ConnectSettings, 'maxInFlight' | 'maxQueuedBytes'>
  opened(): void
  /** Nobody waits for a reply. */
  isIdle(): boolean
  /** The broker has answered for a request: there may be room for another. */
  answered(): void
  /** No queue took it. */
  returned(message: ReturnedMessage): void
  replied(reply: ReceivedMessage): void
  lost(reason: LeveretError): void
}

interface Unconfirmed {
  readonly call: Call
  readonly message: OutgoingMessage
}

/** Publishes requests with confirms, and consumes their replies, which direct reply-to gives to that same channel only. */
export class RequestChannel {
  readonly #options: RequestChannelOptions
  readonly #channel: LastingChannel
  readonly #unconfirmed = new SlotMap<number, Unconfirmed>()
  #unconfirmedBytes = 0
  #started = false
  #why: string | undefined

  constructor(options: RequestChannelOptions) {
    this.#options = options
    this.#channel = new LastingChannel({
      lane: options.lane,
      purpose: `calling ${options.queue}`,
      kind: 'confirm',
      hooks: {
        confirmed: (tag, multiple, accepted) => this.#onConfirm(tag, multiple, accepted),
        returned: (message) => options.returned(message),
      },
      // Before the first request: RabbitMQ refuses one that asks for a direct reply to a channel that consumes none.
      setUp: (channel) => this.#consumeReplies(channel),
      opened: () => {
        this.#why = undefined
        options.opened()
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

  /** @returns whether it was written, or has to wait; or why it never can be */
  write(call: Call, message: OutgoingMessage): 'written' | 'later' | PublishError {
    if (this.#channel.current === undefined || !this.#hasRoom()) return 'later'
    try {
      const tag = this.#channel.current.publish(addressed(message, call))
      if (tag === undefined) return 'later'
      this.#unconfirmed.set(tag, { call, message })
      this.#unconfirmedBytes += message.content.length
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause)
      return notConfirmed('not-sent', message, `its properties cannot be encoded: ${text}`, { cause, retryable: false })
    }
    return 'written'
  }

  async close(timeoutMs: number): Promise<void> {
    await this.#channel.close(timeoutMs)
  }

  /** What has no confirm may still be in amqplib's buffer, also when nobody waits for it. */
  #hasRoom(): boolean {
    const { maxInFlight, maxQueuedBytes } = this.#options.limits
    if (this.#unconfirmed.size < maxInFlight && this.#unconfirmedBytes < maxQueuedBytes) return true
    // A queue without a leader, perhaps. A fresh channel opens when the broker has read what went before.
    const reason = new ConnectionError('timeout', 'No request on the channel was confirmed in time')
    if (this.#options.isIdle()) void this.#channel.current?.close(CLOSE_TIMEOUT_MS, reason)
    return false
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

  #onConfirm(tag: number, multiple: boolean, accepted: boolean): void {
    if (!multiple) this.#take(tag, accepted)
    else {
      for (const next of this.#unconfirmed.keys()) {
        if (next > tag) break
        this.#take(next, accepted)
      }
    }
    this.#options.answered()
  }

  #take(tag: number, accepted: boolean): void {
    const { connection } = this.#options
    const entry = this.#unconfirmed.delete(tag)
    if (entry === undefined) return
    const { call, message } = entry
    this.#unconfirmedBytes -= message.content.length
    if (accepted) {
      tell('confirmed', connection, message)
      call.confirm()
      return
    }
    const error = notConfirmed('refused', message, 'the broker answered basic.nack, as a full queue does')
    tellRefused(connection, message, error)
    call.fail(error)
  }

  #onLost(reason: LeveretError): boolean {
    this.#unconfirmed.clear()
    this.#unconfirmedBytes = 0
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

function notConfirmed(
  outcome: 'not-sent' | 'refused',
  { exchange, routingKey, properties }: OutgoingMessage,
  why: string,
  options?: { readonly cause: unknown; readonly retryable: boolean },
): PublishError {
  return new PublishError(outcome, { exchange, routingKey, messageId: properties.messageId }, why, options)
}
