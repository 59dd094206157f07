import type { Clock, Timer } from '../../clock/clock.js'
import type { FieldTable } from '../../wire/field-table.js'
import type { Delivery, Holder, QueueConsumer, RejectKind, ReturnKind } from '../message/delivery.js'
import type { Message } from '../message/message.js'
import { definitionOf, type Policy } from '../rules/policies.js'
import type { Profile } from '../rules/profile.js'
import type { QueueType } from '../rules/queue-arguments.js'
import { type QueueSettings, settingsOf } from '../rules/queue-settings.js'
import { Consumers } from './consumers.js'

/** What a queue needs of the vhost around it. */
export interface QueueHost {
  readonly vhost: string
  readonly clock: Clock
  readonly profile: Profile
  /** Runs something after what is being done now. */
  defer(run: () => void): void
  /** Publishes a dead letter. @returns whether every queue that it is routed to has stored it, and there is one */
  publishDeadLetter(message: Message): boolean
  /** Deletes a queue that is no longer used. */
  deleteQueue(queue: Queue): void
  /** Notes in the broker's log what happened to a message. */
  note(kind: 'dead-lettered' | 'dropped', queue: string, what: string): void
}

export interface QueueOptions {
  readonly name: string
  readonly type: QueueType
  readonly durable: boolean
  readonly autoDelete: boolean
  /** The connection that alone may use the queue, and with which it goes. */
  readonly owner: object | undefined
  readonly args: FieldTable
  readonly policy: Policy | undefined
}

/** What all types of queues have in common: a name, settings, consumers, and an end. */
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

  /** How many messages there are in all. */
  get total(): number {
    return this.ready + this.unacked.size
  }

  get unackedCount(): number {
    return this.unacked.size
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

  /** Stores a message. @returns whether it did */
  abstract publish(message: Message): boolean
  /** Takes the next message for somebody who does not consume. */
  abstract get(holder: Holder, noAck: boolean): { readonly delivery: Delivery; readonly message: Message } | undefined
  /** A delivery was acknowledged. */
  abstract ack(delivery: Delivery): void
  /** A delivery was rejected for good. */
  abstract reject(delivery: Delivery, kind: RejectKind): void
  /** Deliveries come back. */
  abstract giveBack(deliveries: readonly Delivery[], kind: ReturnKind): void
  /** Deletes what is ready. @returns how many there were */
  abstract purge(): number
  /** Delivers what can be delivered. */
  abstract dispatch(): void
  /** What is ready, in its order. */
  abstract waiting(): readonly Message[]
  /** Forgets what does not survive a restart. */
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

  /** Removes a consumer; what it holds stays with it. An auto-delete queue goes with its last one. */
  removeConsumer(consumer: QueueConsumer): void {
    if (!this.consumers.remove(consumer)) return
    this.used()
    if (this.autoDelete && this.consumers.count === 0) this.host.deleteQueue(this)
    else this.dispatch()
  }

  /** Ends it: its consumers are told, its messages are gone. */
  destroy(): void {
    this.#gone = true
    this.#expiry?.cancel()
    this.#timeout?.cancel()
    this.unacked.clear()
    for (const consumer of this.consumers.removeAll()) consumer.cancelled('gone')
  }

  /** Somebody has used it: its `x-expires` begins again. */
  used(): void {
    this.#expiry?.cancel()
    const { expiresMs } = this.#settings
    if (expiresMs === undefined || (this.consumers?.count ?? 0) > 0) return
    this.#expiry = this.host.clock.at(this.host.clock.now() + expiresMs, () => this.host.deleteQueue(this))
  }

  /** Keeps a delivery until it is settled, and watches how long that takes. */
  protected hold(delivery: Delivery): void {
    this.unacked.add(delivery)
    if (this.unacked.size === 1) this.#watch()
  }

  /** @returns whether the delivery was in somebody's hand */
  protected release(delivery: Delivery): boolean {
    return this.unacked.delete(delivery)
  }

  /** Settings have changed while there are messages. */
  protected settingsChanged(): void {
    this.dispatch()
  }

  /** What happens to a delivery that is held for too long. */
  protected overdue(delivery: Delivery): void {
    delivery.holder.timedOut(delivery, this.#settings.consumerTimeoutMs)
  }

  /** The oldest delivery is the first of the set, so one timer does for all. */
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
