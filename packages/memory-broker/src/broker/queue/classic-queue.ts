import type { DeathReason } from '../message/deaths.js'
import { type Delivery, hasFailed, type QueueItem, type ReturnKind } from '../message/delivery.js'
import type { Message } from '../message/message.js'
import { MessageQueue } from './message-queue.js'
import { PriorityLists } from './priority-lists.js'
import type { QueueHost, QueueOptions } from './queue.js'

/** A classic queue. A message that comes back takes its former place. */
export class ClassicQueue extends MessageQueue {
  readonly #items: PriorityLists
  readonly #maxPriority: number

  constructor(options: QueueOptions, host: QueueHost) {
    super(options, host)
    this.#maxPriority = options.args.integer('x-max-priority') ?? 0
    this.#items = new PriorityLists(this.#maxPriority)
  }

  override get ready(): number {
    return this.#items.length
  }

  override get bytes(): number {
    return this.#items.bytes
  }

  override giveBack(deliveries: readonly Delivery[], kind: ReturnKind): void {
    for (const delivery of deliveries) {
      if (!this.release(delivery)) continue
      delivery.item.redelivered = true
      if (hasFailed(kind)) delivery.item.returns += 1
      this.#items.insert(delivery.item)
    }
    this.trim()
    this.dispatch()
  }

  override waiting(): readonly Message[] {
    return this.#items.items().map(({ message }) => message)
  }

  override forgetTransient(): void {
    const items = this.#items.clear()
    for (const item of items.filter(({ message }) => message.properties.deliveryMode === 2)) this.#items.push(item)
  }

  protected override *heads(): Iterable<QueueItem> {
    for (const list of this.#items.filled()) {
      const first = list.first()
      if (first !== undefined) yield first
    }
  }

  protected override first(): QueueItem | undefined {
    return this.#items.first()
  }

  protected override shift(): QueueItem | undefined {
    return this.#items.shift()
  }

  protected override shiftHead(head: QueueItem): void {
    this.#items.listOf(head.priority).shift()
  }

  protected override push(item: QueueItem): void {
    this.#items.push(item)
  }

  protected override clear(): QueueItem[] {
    return this.#items.clear()
  }

  protected override refuses(message: Message): boolean {
    const { overflow, maxLength, maxBytes } = this.settings
    if (overflow === 'drop-head') return false
    if (maxLength !== undefined && this.ready + 1 > maxLength) return true
    return maxBytes !== undefined && this.bytes + message.bytes > maxBytes
  }

  protected override get isOver(): boolean {
    const { maxLength, maxBytes } = this.settings
    return this.ready > (maxLength ?? Number.POSITIVE_INFINITY) || this.bytes > (maxBytes ?? Number.POSITIVE_INFINITY)
  }

  protected override priorityOf({ properties: { priority = 0 } }: Message): number {
    return Math.min(priority, this.#maxPriority)
  }

  protected override bytesOf({ bytes }: Message): number {
    return bytes
  }

  protected override get remembersFailures(): boolean {
    return this.host.profile.carriesFailures === 'all'
  }

  protected override failuresOf({ message, returns }: QueueItem, _reason: DeathReason, last: number): number {
    return this.remembersFailures ? returns + last : message.failures
  }

  protected override outgoing({ message }: QueueItem): Message {
    return message
  }
}
