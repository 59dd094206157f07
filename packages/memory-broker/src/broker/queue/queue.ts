import type { Clock, Timer } from '../../clock/clock.js'
import type { FieldTable } from '../../wire/field-table.js'
import type { Delivery, Holder, QueueConsumer, RejectKind, ReturnKind } from '../message/delivery.js'
import type { Message } from '../message/message.js'
import { definitionOf, type Policy } from '../rules/policies.js'
import type { Profile } from '../rules/profile.js'
import type { QueueType } from '../rules/queue-arguments.js'
import { type QueueSettings, settingsOf } from '../rules/queue-settings.js'
import { Consumers } from './consumers.js'

/** The part of a vhost that its queues use. */
export interface QueueHost {
  readonly vhost: string
  readonly clock: Clock
  readonly profile: Profile
  /** Runs a function after the current one. */
  defer(run: () => void): void
  /** Publishes a dead letter. @returns whether it was routed to a queue, and every queue has stored it */
  publishDeadLetter(message: Message): boolean
  /** Deletes a queue that is no longer used. */
  deleteQueue(queue: Queue): void
  /** Writes the fate of a message to the broker's log. */
  note(kind: 'dead-lettered' | 'dropped', queue: string, what: string): void
}

export interface QueueOptions {
  readonly name: string
  readonly type: QueueType
  readonly durable: boolean
  readonly autoDelete: boolean
  /** The connection that owns an exclusive queue. The queue is deleted with it. */
  readonly owner: object | undefined
  readonly args: FieldTable
  readonly policy: Policy | undefined
}

/** The common part of all queues: a name, settings, consumers, and deletion. */
export abstract class Queue {
  readonly kind = 'queue'
  readonly name: string
  readonly type: QueueType
  readonly durable: boolean
  readonly autoDelete: boolean
  readonly owner: object | undefined
  readonly args: FieldTable
  readonly consumers: Consumers
  protected readonly host: QueueHost
  protected readonly unacked = new Set<Delivery>()
  #policy: Policy | undefined
  #settings: QueueSettings
  #gone = false
  #expiry: Timer | undefined
  #timeout: Timer | undefined

  constructor(options: QueueOptions, host: QueueHost) {
    this.host = host
    this.name = options.name
    this.type = options.type
    this.durable = options.durable
    this.autoDelete = options.autoDelete
    this.owner = options.owner
    this.args = options.args
    this.#policy = options.policy
    this.#settings = this.#readSettings()
    const singleActive = options.args.isTrue('x-single-active-consumer')
    const replaces = options.type === 'quorum' && host.profile.like !== '3.10'
    this.consumers = new Consumers({ singleActive, replaces })
    this.used()
  }

  /** How many messages may be delivered. */
  abstract readonly ready: number
  /** How many bytes the messages take. */
  abstract readonly bytes: number

  /** How many messages the queue has: ready and unacknowledged. */
  get total(): number {
    return this.ready + this.unacked.size
  }

  get unackedCount(): number {
    return this.unacked.size
  }

  /** How many consumers a declaration reports. A quorum queue counts each unsettled `basic.get` as one. */
  get consumerCount(): number {
    const got = this.type === 'quorum' ? [...this.unacked].filter(({ consumer }) => consumer === undefined) : []
    return this.consumers.count + got.length
  }

  /** How many messages native retry holds back. */
  get delayed(): number {
    return 0
  }

  get policy(): Policy | undefined {
    return this.#policy
  }

  get settings(): QueueSettings {
    return this.#settings
  }

  get isGone(): boolean {
    return this.#gone
  }

  /** Stores a message. @returns whether the queue took it */
  abstract publish(message: Message): boolean
  /** Takes the next message for `basic.get`. */
  abstract get(holder: Holder, noAck: boolean): { readonly delivery: Delivery; readonly message: Message } | undefined
  /** Settles an acknowledged delivery. */
  abstract ack(delivery: Delivery): void
  /** Settles a delivery that was rejected without a requeue. */
  abstract reject(delivery: Delivery, kind: RejectKind): void
  /** Takes deliveries back. */
  abstract giveBack(deliveries: readonly Delivery[], kind: ReturnKind): void
  /** Deletes the ready messages. @returns how many there were */
  abstract purge(): number
  /** Delivers ready messages to consumers with room. */
  abstract dispatch(): void
  /** Returns the ready messages, in their order. */
  abstract waiting(): readonly Message[]
  /** Deletes messages that do not survive a restart. */
  abstract forgetTransient(): void

  setPolicy(policy: Policy | undefined): void {
    this.#policy = policy
    this.#settings = this.#readSettings()
    this.used()
    this.settingsChanged()
  }

  addConsumer(consumer: QueueConsumer): void {
    this.consumers.add(consumer)
    this.used()
  }

  /**
   * Removes a consumer. Its unsettled deliveries stay with its channel. An auto-delete queue is deleted with its last
   * one.
   */
  removeConsumer(consumer: QueueConsumer): void {
    if (!this.consumers.remove(consumer)) return
    this.used()
    if (this.autoDelete && this.consumers.count === 0) this.host.deleteQueue(this)
    else this.dispatch()
  }

  /** Deletes the queue: notifies its consumers, and drops its messages. */
  destroy(): void {
    this.#gone = true
    this.#expiry?.cancel()
    this.#timeout?.cancel()
    this.unacked.clear()
    for (const consumer of this.consumers.removeAll()) consumer.cancelled('gone')
  }

  /** Restarts the time of `x-expires`, because the queue was used. */
  used(): void {
    this.#expiry?.cancel()
    const { expiresMs } = this.#settings
    if (expiresMs === undefined || (this.consumers?.count ?? 0) > 0) return
    this.#expiry = this.host.clock.at(this.host.clock.now() + expiresMs, () => this.host.deleteQueue(this))
  }

  /** Keeps a delivery until it is settled, and watches its timeout. */
  protected hold(delivery: Delivery): void {
    this.unacked.add(delivery)
    if (this.unacked.size === 1) this.#watch()
  }

  /** @returns whether the delivery was still unsettled */
  protected release(delivery: Delivery): boolean {
    return this.unacked.delete(delivery)
  }

  /** Called when the settings have changed while there are messages. */
  protected settingsChanged(): void {
    this.dispatch()
  }

  /** Called for a delivery that was held for too long. */
  protected overdue(delivery: Delivery): void {
    delivery.holder.timedOut(delivery, this.#settings.consumerTimeoutMs)
  }

  /** Sets the timer of the oldest delivery. It is the first of the set, so one timer suffices for all. */
  #watch(): void {
    this.#timeout?.cancel()
    const [oldest] = this.unacked
    if (oldest === undefined) return
    this.#timeout = this.host.clock.at(oldest.atMs + this.#settings.consumerTimeoutMs, () => this.#lookForOverdue())
  }

  #lookForOverdue(): void {
    const dueMs = this.host.clock.now() - this.#settings.consumerTimeoutMs
    const late = [...this.unacked].filter(({ atMs }) => atMs <= dueMs)
    for (const delivery of late) if (this.unacked.has(delivery)) this.overdue(delivery)
    this.#watch()
  }

  #readSettings(): QueueSettings {
    const { args, type } = this
    return settingsOf({ type, args, policy: definitionOf(this.#policy), profile: this.host.profile })
  }
}
