import { long } from '../../wire/field.js'
import type { Delivery, QueueConsumer, ReturnKind } from '../message/delivery.js'
import type { Message } from '../message/message.js'
import { ReplyError } from '../rules/reply-error.js'
import { Queue } from './queue.js'
import { type StreamEntry, StreamLog } from './stream-log.js'

/** A stream. Reading removes no message, and each consumer has its own position. */
export class StreamQueue extends Queue {
  readonly #log = new StreamLog()
  readonly #places = new Map<QueueConsumer, number>()
  #dispatching = false

  /** Always 0, as in RabbitMQ's answer to a declaration. */
  override get ready(): number {
    return 0
  }

  override get bytes(): number {
    return this.#log.bytes
  }

  override get total(): number {
    return this.#log.length
  }

  override publish(message: Message): boolean {
    const { segmentBytes, maxBytes, maxAgeMs } = this.settings
    this.#log.append(message, this.host.clock.now(), { segmentBytes, maxBytes, maxAgeMs })
    this.dispatch()
    return true
  }

  override get(): never {
    throw this.#unsupported('basic.get')
  }

  override purge(): never {
    throw this.#unsupported('queue.purge')
  }

  override addConsumer(consumer: QueueConsumer): void {
    this.#places.set(consumer, this.#log.offsetOf(consumer.offset))
    super.addConsumer(consumer)
  }

  override removeConsumer(consumer: QueueConsumer): void {
    this.#places.delete(consumer)
    super.removeConsumer(consumer)
  }

  override ack(delivery: Delivery): void {
    this.release(delivery)
  }

  override reject(delivery: Delivery): void {
    this.#refuseNack(delivery)
  }

  override giveBack(deliveries: readonly Delivery[], kind: ReturnKind): void {
    for (const delivery of deliveries) {
      if (kind === 'closed') this.release(delivery)
      else this.#refuseNack(delivery)
    }
  }

  override dispatch(): void {
    if (this.#dispatching || this.isGone) return
    this.#dispatching = true
    try {
      for (const consumer of [...this.consumers.all]) this.#serve(consumer)
    } finally {
      this.#dispatching = false
    }
  }

  override waiting(): readonly Message[] {
    return this.#log.messages()
  }

  override forgetTransient(): void {}

  override destroy(): void {
    super.destroy()
    this.#places.clear()
    this.#log.clear()
  }

  /** Does nothing, because a stream takes no delivery back, however long it is held. */
  protected override overdue(): void {}

  #serve(consumer: QueueConsumer): void {
    while (consumer.canTake) {
      const entry = this.#log.at(this.#places.get(consumer) ?? 0)
      if (entry === undefined) return
      this.#places.set(consumer, entry.offset + 1)
      this.#deliver(entry, consumer)
    }
  }

  #deliver({ offset, message }: StreamEntry, consumer: QueueConsumer): void {
    const item = {
      message,
      sequence: offset,
      priority: 0,
      bytes: message.bytes,
      expiresAt: undefined,
      redelivered: false,
      lastReturn: undefined,
      returns: 0,
      acquired: 0,
    }
    const delivery: Delivery = { item, consumer, holder: consumer, atMs: this.host.clock.now() }
    this.hold(delivery)
    consumer.take(delivery, message.withHeaders(message.headers.with('x-stream-offset', long(offset))))
  }

  #refuseNack(delivery: Delivery): void {
    this.release(delivery)
    if (!this.host.profile.streamNack) throw this.#unsupported('basic.nack and basic.reject')
  }

  #unsupported(method: string): ReplyError {
    const subject = `queue '${this.name}' in vhost '${this.host.vhost}'`
    return new ReplyError(540, `${method} not supported by stream queues ${subject}`)
  }
}
