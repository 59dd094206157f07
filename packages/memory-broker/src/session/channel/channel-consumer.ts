import type { Delivery, QueueConsumer, StreamStart } from '../../broker/message/delivery.js'
import type { Message } from '../../broker/message/message.js'
import type { Queue } from '../../broker/queue/queue.js'

/** A channel, as its consumers see it. */
export interface ConsumerChannel {
  /** Whether the channel may hold another delivery, and its client reads. */
  readonly canTake: boolean
  deliver(consumer: ChannelConsumer, delivery: Delivery, message: Message): void
  cancelled(consumer: ChannelConsumer, why: 'gone' | 'timeout'): void
  timedOut(delivery: Delivery, timeoutMs: number): void
}

export interface ChannelConsumerOptions {
  readonly tag: string
  readonly queue: Queue
  readonly noAck: boolean
  readonly exclusive: boolean
  readonly priority: number
  readonly prefetch: number
  readonly offset: StreamStart
}

/** A consumer of a channel. */
export class ChannelConsumer implements QueueConsumer {
  readonly tag: string
  readonly queue: Queue
  readonly noAck: boolean
  readonly exclusive: boolean
  readonly priority: number
  readonly prefetch: number
  readonly offset: StreamStart
  /** How many of its deliveries are unsettled. */
  held = 0
  readonly #channel: ConsumerChannel

  constructor(options: ChannelConsumerOptions, channel: ConsumerChannel) {
    this.tag = options.tag
    this.queue = options.queue
    this.noAck = options.noAck
    this.exclusive = options.exclusive
    this.priority = options.priority
    this.prefetch = options.prefetch
    this.offset = options.offset
    this.#channel = channel
  }

  get canTake(): boolean {
    if (!this.#channel.canTake) return false
    return this.noAck || this.prefetch === 0 || this.held < this.prefetch
  }

  take(delivery: Delivery, message: Message): void {
    this.#channel.deliver(this, delivery, message)
  }

  cancelled(why: 'gone' | 'timeout'): void {
    this.#channel.cancelled(this, why)
  }

  timedOut(delivery: Delivery, timeoutMs: number): void {
    this.#channel.timedOut(delivery, timeoutMs)
  }
}
