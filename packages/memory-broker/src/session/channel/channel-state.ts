import { checkAccess, type Right } from '../../broker/access.js'
import type { Broker } from '../../broker/broker.js'
import { findQueue } from '../../broker/declare-queue.js'
import type { LogEntry } from '../../broker/log.js'
import type { Delivery, Holder, ReturnKind } from '../../broker/message/delivery.js'
import type { Message } from '../../broker/message/message.js'
import type { Queue } from '../../broker/queue/queue.js'
import type { Exchange } from '../../broker/routing/exchange.js'
import { ReplyError } from '../../broker/rules/reply-error.js'
import type { Vhost } from '../../broker/vhost.js'
import type { Arguments, MethodName } from '../../wire/methods.js'
import type { ConnectionLink } from '../socket/host.js'
import type { Output } from '../socket/output.js'
import type { ChannelConsumer, ConsumerChannel } from './channel-consumer.js'
import { Confirms } from './confirms.js'
import { Ledger, type LedgerEntry } from './ledger.js'
import type { Transaction } from './transaction.js'

export interface ChannelParts {
  readonly number: number
  readonly connection: ConnectionLink
  readonly broker: Broker
  readonly vhost: Vhost
  readonly output: Output
  /** Closes the channel, or the connection, because of an error that the broker itself found. */
  readonly fail: (error: ReplyError) => void
}

/** State of a channel, which its commands read and change. */
export class ChannelState implements ConsumerChannel, Holder {
  readonly number: number
  readonly connection: ConnectionLink
  readonly broker: Broker
  readonly vhost: Vhost
  readonly output: Output
  readonly ledger = new Ledger()
  readonly consumers = new Map<string, ChannelConsumer>()
  /** The prefetch of later consumers. */
  prefetch = 0
  /** How many deliveries all consumers together may hold; 0 for no limit. */
  globalPrefetch = 0
  confirms: Confirms | undefined
  transaction: Transaction | undefined
  /** The queue declared last, which an empty name stands for. */
  lastQueue = ''
  /** The address of direct reply-to, and the tag of its consumer. */
  replies: { readonly address: string; readonly consumerTag: string } | undefined
  readonly #fail: (error: ReplyError) => void
  #open = true
  #ended = false

  constructor(parts: ChannelParts) {
    this.number = parts.number
    this.connection = parts.connection
    this.broker = parts.broker
    this.vhost = parts.vhost
    this.output = parts.output
    this.#fail = parts.fail
  }

  get isOpen(): boolean {
    return this.#open
  }

  get canTake(): boolean {
    if (!this.#open || !this.output.isWritable) return false
    return this.globalPrefetch === 0 || this.ledger.consumed < this.globalPrefetch
  }

  send<Name extends MethodName>(name: Name, args: Arguments<Name>): void {
    this.output.send(this.number, name, args)
  }

  selectConfirms(): void {
    this.confirms ??= new Confirms(this.number, this.output)
  }

  /** @throws ReplyError 403 if the user lacks the permission */
  check(right: Right, kind: 'queue' | 'exchange', name: string): void {
    const { user } = this.connection
    checkAccess(this.broker.access, { vhost: this.vhost.name, user, right, kind, name }, this.broker.profile)
  }

  /** @throws ReplyError 403 if the user lacks the permission for a routing key of a topic exchange */
  checkTopic(right: 'write' | 'read', { name: exchange, type }: Exchange, routingKey: string): void {
    const { access, profile } = this.broker
    const [{ user }, { name: vhost }] = [this.connection, this.vhost]
    if (type !== 'topic' || access.topics.isAllowed({ vhost, user, exchange }, right, routingKey)) return
    const what = profile.namesPermission ? `${right} access` : 'access'
    const where = `exchange '${exchange}' in vhost '${vhost}'`
    throw new ReplyError(403, `${what} to topic '${routingKey}' in ${where} refused for user '${user}'`)
  }

  /** Finds a queue by its name, or the last one declared for the empty name. @throws ReplyError */
  queue(name: string): Queue {
    return findQueue(this.vhost, this.queueName(name), this.asker)
  }

  queueName(name: string): string {
    if (name !== '') return name
    if (this.lastQueue === '') throw new ReplyError(404, 'no previously declared queue')
    return this.lastQueue
  }

  get asker(): { readonly connection: object } {
    return { connection: this.connection }
  }

  deliver(consumer: ChannelConsumer, delivery: Delivery, message: Message): void {
    const tag = this.ledger.nextTag()
    if (!consumer.noAck) this.ledger.add({ tag, queue: consumer.queue, delivery, consumer })
    const { exchange, routingKey, properties } = message
    const args = {
      consumerTag: consumer.tag,
      deliveryTag: tag,
      redelivered: delivery.item.redelivered,
      exchange,
      routingKey,
    }
    this.output.sendContent(this.number, 'basic.deliver', args, message)
    this.note({ kind: 'delivered', queue: consumer.queue.name, messageId: properties.messageId, what: `tag ${tag}` })
  }

  cancelled(consumer: ChannelConsumer, why: 'gone' | 'timeout'): void {
    if (why === 'gone') this.consumers.delete(consumer.tag)
    if (!this.#open) return
    this.note({ kind: 'cancelled', queue: consumer.queue.name, what: why })
    if (this.connection.takesCancel) this.send('basic.cancel', { consumerTag: consumer.tag, noWait: true })
  }

  timedOut(_delivery: Delivery, timeoutMs: number): void {
    this.#fail(
      new ReplyError(
        406,
        `delivery acknowledgement on channel ${this.number} timed out. Timeout value used: ${timeoutMs} ms. ` +
          'This timeout value can be configured, see consumers doc guide to learn more',
      ),
    )
  }

  /** Gives deliveries back to their queues, those of each queue in their order. */
  giveBack(entries: readonly LedgerEntry[], kind: ReturnKind): void {
    for (const [queue, deliveries] of byQueue(entries)) queue.giveBack(deliveries, kind)
  }

  /** Lets queues deliver to consumers that have room again. */
  dispatch(queues: Iterable<Queue>): void {
    const all = this.globalPrefetch === 0 ? queues : [...this.consumers.values()].map(({ queue }) => queue)
    for (const queue of new Set(all)) queue.dispatch()
  }

  /** Stops commands and deliveries. */
  shut(): void {
    this.#open = false
  }

  /** Ends the channel. Unsettled deliveries go back first, so that the next consumer gets them first. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.shut()
    this.transaction?.rollback()
    this.giveBack(this.ledger.takeAll(), 'closed')
    for (const consumer of this.consumers.values()) consumer.queue.removeConsumer(consumer)
    this.consumers.clear()
    if (this.replies !== undefined) this.vhost.replies.close(this.replies.address)
  }

  note(entry: Omit<LogEntry, 'atMs'>): void {
    this.broker.log.add({ connection: this.connection.name, channel: this.number, ...entry })
  }
}

/** Entries by their queues, in the order in which they came. */
export function byQueue(entries: readonly LedgerEntry[]): Map<Queue, Delivery[]> {
  const groups = new Map<Queue, Delivery[]>()
  for (const { queue, delivery } of entries) {
    const group = groups.get(queue)
    if (group === undefined) groups.set(queue, [delivery])
    else group.push(delivery)
  }
  return groups
}
