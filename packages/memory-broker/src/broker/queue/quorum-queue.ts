import type { Timer } from '../../clock/clock.js'
import { long } from '../../wire/field.js'
import type { DeathReason } from '../message/deaths.js'
import { type Delivery, hasFailed, type QueueItem, type RejectKind, type ReturnKind } from '../message/delivery.js'
import type { Message } from '../message/message.js'
import { ItemList } from './item-list.js'
import { MessageQueue } from './message-queue.js'
import { PriorityLists } from './priority-lists.js'
import type { QueueHost, QueueOptions } from './queue.js'

const HIGHEST = { none: 0, two: 1, strict: 31 } as const

/** The default priority of a message, where priorities are strict. */
const DEFAULT_PRIORITY = 4

/** How many messages of the higher level are delivered before the lower level may have its turn. */
const TURN_AFTER = 2

/** The share of its limit below which a queue that refuses messages takes them again. */
const LOW_MARK = 0.8

/** A quorum queue. It counts failed deliveries, and gives up a message that exceeds its delivery limit. */
export class QuorumQueue extends MessageQueue {
  readonly #items: PriorityLists
  /** Items that came back, in that order. They are delivered before all others. */
  readonly #returned = new ItemList()
  readonly #held = new Map<QueueItem, Timer>()
  /** Deliveries that timed out and were taken back. Their consumers may still settle them. */
  readonly #late = new Set<Delivery>()
  #sinceTurn = 0
  #refusing = false

  constructor(options: QueueOptions, host: QueueHost) {
    super(options, host)
    this.#items = new PriorityLists(HIGHEST[host.profile.quorumPriorities])
  }

  override get ready(): number {
    return this.#items.length + this.#returned.length
  }

  override get bytes(): number {
    return this.#items.bytes + this.#returned.bytes
  }

  override get delayed(): number {
    return this.#held.size
  }

  override get total(): number {
    return super.total + this.#held.size
  }

  override ack(delivery: Delivery): void {
    super.ack(delivery)
    this.#settledLate(delivery)
  }

  override reject(delivery: Delivery, kind: RejectKind): void {
    super.reject(delivery, kind)
    this.#settledLate(delivery)
  }

  override giveBack(deliveries: readonly Delivery[], kind: ReturnKind): void {
    for (const delivery of deliveries) {
      if (this.release(delivery)) this.#takeBack(delivery.item, kind)
      this.#settledLate(delivery)
    }
    this.dispatch()
    this.trim()
  }

  override waiting(): readonly Message[] {
    return [...this.#returned.items(), ...this.#items.items()].map(({ message }) => message)
  }

  /** Does nothing, because a quorum queue keeps transient messages too. */
  override forgetTransient(): void {}

  override destroy(): void {
    super.destroy()
    for (const timer of this.#held.values()) timer.cancel()
    this.#held.clear()
  }

  protected override overdue(delivery: Delivery): void {
    const { consumer } = delivery
    const isThere = consumer !== undefined && this.consumers.all.includes(consumer)
    if (!this.host.profile.timeoutCancels || !isThere) {
      super.overdue(delivery)
      return
    }
    // RabbitMQ sends `basic.cancel`, but delivers to the consumer again once it has settled its late deliveries.
    consumer.cancelled('timeout')
    this.consumers.suspend(consumer)
    this.#late.add(delivery)
    this.release(delivery)
    delivery.item.redelivered = true
    this.#putBack(delivery.item)
    this.dispatch()
  }

  #settledLate(delivery: Delivery): void {
    const { consumer } = delivery
    if (!this.#late.delete(delivery) || consumer === undefined) return
    if (![...this.#late].some((other) => other.consumer === consumer)) this.consumers.resume(consumer)
  }

  #takeBack(item: QueueItem, kind: ReturnKind): void {
    const { profile } = this.host
    const failed = hasFailed(kind)
    item.redelivered = true
    item.lastReturn = kind
    if (failed || profile.nackCounts) item.returns += 1
    const { deliveryLimit, delayedRetry } = this.settings
    if (deliveryLimit !== undefined && item.returns > deliveryLimit) {
      this.deadLetter(item, 'delivery_limit')
      return
    }
    if (delayedRetry !== undefined && (delayedRetry.type === 'all' || (delayedRetry.type === 'failed') === failed)) {
      const { minMs, maxMs = minMs } = delayedRetry
      this.#holdBack(item, Math.min(minMs * Math.max(item.returns, 1), maxMs))
      return
    }
    if (profile.requeueToEnd && deliveryLimit === undefined && kind !== 'closed') {
      item.sequence = this.nextSequence()
      this.#items.push(item)
    } else this.#putBack(item)
  }

  #putBack(item: QueueItem): void {
    item.sequence = this.nextSequence()
    this.#returned.push(item)
  }

  /** Holds an item back for a while, for native retry. */
  #holdBack(item: QueueItem, ms: number): void {
    const { clock } = this.host
    const timer = clock.at(clock.now() + ms, () => {
      this.#held.delete(item)
      this.#putBack(item)
      this.dispatch()
    })
    this.#held.set(item, timer)
  }

  protected override *heads(): Iterable<QueueItem> {
    const returned = this.#returned.first()
    if (returned !== undefined) yield returned
    for (const list of this.#items.filled()) {
      const first = list.first()
      if (first !== undefined) yield first
    }
  }

  protected override first(): QueueItem | undefined {
    return this.#returned.first() ?? this.#nextList()?.first()
  }

  protected override shift(): QueueItem | undefined {
    if (this.#returned.length > 0) return this.#returned.shift()
    const list = this.#nextList()
    const item = list?.shift()
    if (item !== undefined) this.#sinceTurn = this.#sinceTurn === TURN_AFTER ? 0 : this.#sinceTurn + 1
    this.#reconsider()
    return item
  }

  #nextList(): ItemList | undefined {
    const [highest, lower] = this.#items.filled()
    if (this.host.profile.quorumPriorities !== 'two' || this.#sinceTurn < TURN_AFTER) return highest
    // In the turn of the lower level, its message goes first only if it is the older one.
    return (lower?.first()?.sequence ?? Infinity) < (highest?.first()?.sequence ?? 0) ? lower : highest
  }

  protected override shiftHead(head: QueueItem): void {
    if (this.#returned.first() === head) this.#returned.shift()
    else this.#items.listOf(head.priority).shift()
    this.#reconsider()
  }

  protected override push(item: QueueItem): void {
    this.#items.push(item)
    if (this.isOver) this.#refusing = true
  }

  protected override clear(): QueueItem[] {
    const items = [...this.#returned.clear(), ...this.#items.clear()]
    this.#refusing = false
    return items
  }

  protected override refuses(): boolean {
    return this.settings.overflow === 'reject-publish' && this.#refusing
  }

  protected override get isOver(): boolean {
    return this.#exceeds(1)
  }

  protected override priorityOf({ properties: { priority } }: Message): number {
    const { quorumPriorities } = this.host.profile
    if (quorumPriorities === 'none') return 0
    if (quorumPriorities === 'two') return (priority ?? DEFAULT_PRIORITY) > DEFAULT_PRIORITY ? 1 : 0
    return Math.min(priority ?? DEFAULT_PRIORITY, HIGHEST.strict)
  }

  protected override bytesOf({ bytes, encoded }: Message): number {
    return this.host.profile.propertiesTakeRoom ? bytes + encoded.length : bytes
  }

  protected override get remembersFailures(): boolean {
    return this.host.profile.carriesFailures !== 'nothing'
  }

  protected override failuresOf(
    { message, returns, lastReturn }: QueueItem,
    reason: DeathReason,
    last: number,
  ): number {
    const { carriesFailures } = this.host.profile
    if (carriesFailures === 'all') return returns + last
    const hasOne = carriesFailures === 'one' && (reason === 'rejected' || lastReturn === 'closed')
    return hasOne ? 1 : message.failures
  }

  protected override outgoing(item: QueueItem, isGot: boolean): Message {
    const { acquiredCount, getSaysZero } = this.host.profile
    const counts: [string, number][] = []
    const { failures } = item.message
    const returns = item.returns || failures
    // The queue's own count replaces the one that a dead letter carries.
    const acquired = item.acquired || failures
    if (returns > 0 || (isGot && getSaysZero)) counts.push(['x-delivery-count', returns])
    if (acquiredCount && acquired > 0) counts.push(['x-acquired-count', acquired])
    if (counts.length === 0) return item.message
    const headers = counts.reduce((known, [name, count]) => known.with(name, long(count)), item.message.headers)
    return item.message.withHeaders(headers)
  }

  #reconsider(): void {
    if (this.#refusing && !this.#exceeds(LOW_MARK)) this.#refusing = false
  }

  #exceeds(share: number): boolean {
    const { maxLength = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = this.settings
    return this.ready + this.dyingCount > Math.trunc(maxLength * share) || this.bytes > maxBytes * share
  }
}
