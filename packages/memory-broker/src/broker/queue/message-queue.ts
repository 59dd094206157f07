import type { Timer } from '../../clock/clock.js'
import { deadLetterOf } from '../message/dead-letter.js'
import type { DeathReason } from '../message/deaths.js'
import {
  type Delivery,
  type Holder,
  hasFailed,
  type QueueConsumer,
  type QueueItem,
  type RejectKind,
} from '../message/delivery.js'
import type { Message } from '../message/message.js'
import { Queue } from './queue.js'

/** How long a dead letter that no queue has taken waits until it is published again. */
const DEAD_LETTER_RETRY_MS = 1_000

/** A queue that removes acknowledged messages: the common part of classic and quorum queues. */
export abstract class MessageQueue extends Queue {
  #lastSequence = 0
  #headExpiry: { readonly atMs: number; readonly timer: Timer } | undefined
  #dying: Message[] = []
  #dyingTimer: Timer | undefined
  #dispatching = false

  /** Items that may be delivered next, or expire: the first of each line. */
  protected abstract heads(): Iterable<QueueItem>
  /** The next item to deliver. */
  protected abstract first(): QueueItem | undefined
  protected abstract shift(): QueueItem | undefined
  /** Removes one of the heads. */
  protected abstract shiftHead(head: QueueItem): void
  protected abstract push(item: QueueItem): void
  protected abstract clear(): QueueItem[]
  /** Whether the queue refuses a message. */
  protected abstract refuses(message: Message): boolean
  /** Whether the queue is above its limits. */
  protected abstract readonly isOver: boolean
  protected abstract priorityOf(message: Message): number
  /** Whether the failed deliveries of a message in earlier queues count here too. */
  protected abstract readonly remembersFailures: boolean
  /** How many bytes of a message count towards the limits. */
  protected abstract bytesOf(message: Message): number
  /** Returns the message with the headers of this delivery. */
  protected abstract outgoing(item: QueueItem, isGot: boolean): Message

  /** How many dead letters no other queue has taken yet. */
  get dyingCount(): number {
    return this.#dying.length
  }

  override get total(): number {
    return super.total + this.#dying.length
  }

  override publish(message: Message): boolean {
    this.dropExpired()
    if (this.refuses(message)) {
      if (this.settings.overflow === 'reject-publish-dlx' && this.type === 'classic')
        this.deadLetter(this.#itemOf(message), 'maxlen')
      return false
    }
    const item = this.#itemOf(message)
    // A message that is delivered at once neither expires nor counts towards the limits.
    const consumer = this.ready === 0 ? this.consumers.next() : undefined
    if (consumer !== undefined && !this.#dispatching) {
      // A classic queue reads the failed deliveries of a message only when it stores it.
      if (this.type === 'classic') item.redelivered = false
      this.#deliver(item, consumer)
      return true
    }
    this.push(item)
    this.dispatch()
    this.trim()
    this.planExpiry()
    return true
  }

  override get(holder: Holder, noAck: boolean): { delivery: Delivery; message: Message } | undefined {
    this.used()
    this.dropExpired()
    const item = this.shift()
    if (item === undefined) return undefined
    const delivery: Delivery = { item, consumer: undefined, holder, atMs: this.host.clock.now() }
    const message = this.outgoing(item, true)
    item.acquired += 1
    if (!noAck) this.hold(delivery)
    this.planExpiry()
    return { delivery, message }
  }

  override ack(delivery: Delivery): void {
    this.release(delivery)
  }

  override reject(delivery: Delivery, kind: RejectKind): void {
    if (this.release(delivery)) this.deadLetter(delivery.item, 'rejected', hasFailed(kind) ? 1 : 0)
  }

  override purge(): number {
    this.dropExpired()
    return this.clear().length
  }

  override dispatch(): void {
    if (this.#dispatching || this.isGone) return
    this.#dispatching = true
    try {
      this.dropExpired()
      for (let item = this.first(); item !== undefined; item = this.first()) {
        const consumer = this.consumers.next()
        if (consumer === undefined) break
        this.shift()
        this.#deliver(item, consumer)
        this.dropExpired()
      }
    } finally {
      this.#dispatching = false
    }
    this.planExpiry()
  }

  override destroy(): void {
    super.destroy()
    this.#headExpiry?.timer.cancel()
    this.#dyingTimer?.cancel()
    this.#dying = []
    this.clear()
  }

  /** Gives up expired messages at the heads. */
  protected dropExpired(): void {
    const now = this.host.clock.now()
    for (;;) {
      const expired = [...this.heads()].filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now)
      if (expired.length === 0) return
      for (const item of expired) {
        this.shiftHead(item)
        this.deadLetter(item, 'expired')
      }
    }
  }

  protected planExpiry(): void {
    let atMs = Number.POSITIVE_INFINITY
    for (const { expiresAt } of this.heads()) if (expiresAt !== undefined && expiresAt < atMs) atMs = expiresAt
    if (this.#headExpiry?.atMs === atMs) return
    this.#headExpiry?.timer.cancel()
    this.#headExpiry = undefined
    if (atMs === Number.POSITIVE_INFINITY) return
    const timer = this.host.clock.at(atMs, () => {
      this.#headExpiry = undefined
      this.dropExpired()
      this.planExpiry()
    })
    this.#headExpiry = { atMs, timer }
  }

  /** How many failed deliveries the dead letter carries in this version. @param last - deliveries that it dies of */
  protected abstract failuresOf(item: QueueItem, reason: DeathReason, last: number): number

  /** Gives a message up: sends it to the dead-letter exchange, if there is one. */
  protected deadLetter(item: QueueItem, reason: DeathReason, last = 0): void {
    const { deadLetterExchange: exchange, deadLetterRoutingKey: routingKey } = this.settings
    if (exchange === undefined) {
      this.host.note('dropped', this.name, reason)
      return
    }
    const { clock, profile } = this.host
    const failures = this.failuresOf(item, reason, last)
    const route = { queue: this.name, reason, exchange, routingKey, nowMs: clock.now(), failures }
    const letter = deadLetterOf(item.message, route, profile)
    this.host.note('dead-lettered', this.name, `${reason}, to '${exchange}' with '${letter.routingKey}'`)
    if (this.settings.deadLetterAtLeastOnce) {
      this.#dying.push(letter)
      this.host.defer(() => this.#bury())
    } else this.host.defer(() => void this.host.publishDeadLetter(letter))
  }

  /** Publishes the dead letters that must not be lost, in their order. Keeps those that no queue takes. */
  #bury(): void {
    this.#dyingTimer?.cancel()
    if (this.isGone) return
    const letters = this.#dying
    this.#dying = []
    this.#dying = [...letters.filter((letter) => !this.host.publishDeadLetter(letter)), ...this.#dying]
    if (this.#dying.length === 0) return
    const { clock } = this.host
    this.#dyingTimer = clock.at(clock.now() + DEAD_LETTER_RETRY_MS, () => this.#bury())
  }

  /** Gives up the oldest messages until the queue is within its limits. */
  protected trim(): void {
    if (
      this.settings.overflow !== 'drop-head' &&
      !(this.type === 'quorum' && this.settings.overflow !== 'reject-publish')
    )
      return
    while (this.isOver) {
      const item = this.shift()
      if (item === undefined) return
      this.deadLetter(item, 'maxlen')
    }
  }

  #deliver(item: QueueItem, consumer: QueueConsumer): void {
    const delivery: Delivery = { item, consumer, holder: consumer, atMs: this.host.clock.now() }
    const message = this.outgoing(item, false)
    item.acquired += 1
    if (!consumer.noAck) this.hold(delivery)
    consumer.take(delivery, message)
  }

  #itemOf(message: Message): QueueItem {
    this.#lastSequence += 1
    return {
      message,
      sequence: this.#lastSequence,
      priority: this.priorityOf(message),
      bytes: this.bytesOf(message),
      expiresAt: this.#expiryOf(message),
      redelivered: this.remembersFailures && message.failures > 0,
      returns: this.host.profile.carriesFailures === 'all' ? message.failures : 0,
      lastReturn: undefined,
      acquired: 0,
    }
  }

  protected nextSequence(): number {
    this.#lastSequence += 1
    return this.#lastSequence
  }

  #expiryOf({ properties: { expiration } }: Message): number | undefined {
    const { messageTtlMs } = this.settings
    const ttls = [messageTtlMs, expiration === undefined ? undefined : Number(expiration)]
    const known = ttls.filter((ttl) => ttl !== undefined)
    return known.length === 0 ? undefined : this.host.clock.now() + Math.min(...known)
  }

  protected override settingsChanged(): void {
    this.trim()
    super.settingsChanged()
  }
}
