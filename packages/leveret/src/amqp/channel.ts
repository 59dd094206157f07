import type * as amqp from 'amqplib'
import { atMost, within } from '../async/timing.js'
import { ClosedError } from '../errors/closed-error.js'
import { ConnectionError } from '../errors/connection-error.js'
import type { LeveretError } from '../errors/leveret-error.js'
import { writableProperties } from '../message/field-table.js'
import type { OutgoingMessage, ReceivedMessage } from '../message/message.js'
import { fittingProperties } from '../message/property-bytes.js'
import { isIllegalOperation, onConfirmFirst } from './amqplib/internals.js'
import { Answers } from './answers.js'
import type { Backlog } from './backlog.js'
import { closedOver, strangeOn, unanswered } from './channel-errors.js'
import type { ChannelParts } from './channel-parts.js'
import { readReturn, readStatus } from './close-frame.js'
import { type ConsumeOptions, consumeArguments } from './consume-options.js'
import type { BindingDeclaration, ExchangeDeclaration, QueueDeclaration, QueueStatus } from './declaration.js'

const CLOSE_TIMEOUT_MS = 2_000
const CLOSED_BY_US = new ClosedError('The channel was closed by this process')

/**
 * One life of an AMQP channel. Once closed it stays closed: delivery tags and confirms belong to it alone.
 *
 * Nothing here throws because the channel is closed: what needs an answer rejects, and what needs none says `false`.
 */
export class Channel {
  readonly #raw: amqp.Channel | amqp.ConfirmChannel
  readonly #parts: ChannelParts
  #open = true
  #said: LeveretError | undefined
  #reason: LeveretError | undefined
  #published = 0
  readonly #end = new AbortController()
  readonly answers = new Answers()
  readonly backlog: Backlog

  constructor(raw: amqp.Channel | amqp.ConfirmChannel, parts: ChannelParts) {
    this.#raw = raw
    this.#parts = parts
    this.backlog = parts.backlog
    raw.on('error', (error) => {
      this.#said = closedOver(error)
    })
    // What came may be a delivery, which nobody will settle now: the broker gives it back when the channel ends.
    raw.on('handler-error', (error) => {
      if (error instanceof ConnectionError) parts.onBreach(error)
      else void this.close(CLOSE_TIMEOUT_MS, strangeOn(error))
    })
    raw.on('close', () => this.#foundEnded())
    raw.on('return', ({ fields, properties }) => parts.hooks.returned?.(readReturn(fields, properties)))
    onConfirmFirst(raw, (confirm, accepted) => this.#onConfirm(confirm, accepted))
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** Whether its frames go to the socket in the order in which they were written. */
  get isStraight(): boolean {
    return this.#parts.frames !== undefined
  }

  /** Aborted, with the reason, when it ends. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Ends this life without a word to the broker. Only the first reason counts. */
  abandon(reason: LeveretError): void {
    this.#open = false
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#end.abort(reason)
    this.#parts.hooks.closed?.(reason)
  }

  /**
   * Hands a message to the connection.
   *
   * @returns the tag under which the broker will answer, or `undefined` when the channel has ended
   * @throws what is wrong with properties that cannot be encoded, or do not fit; then nothing was sent and no tag was used
   */
  publish(message: OutgoingMessage): number | undefined {
    if (!this.#open) return undefined
    try {
      const { frames, tracers } = this.#parts
      if (tracers.seePublish(this.#raw) || frames?.write(message) !== true) this.#publishRaw(message)
    } catch (error) {
      // amqplib may know before we do that the channel is gone; everything else is about this message.
      if (!isIllegalOperation(error)) throw error
      this.#foundEnded()
      return undefined
    }
    this.#published += 1
    this.answers.published()
    return this.#published
  }

  #publishRaw(message: OutgoingMessage): void {
    const properties = fittingProperties(message, this.#parts.frameMax ?? Number.POSITIVE_INFINITY)
    if (this.#parts.frames?.writeFields(message, properties) === true) return
    const options = { ...writableProperties(properties), mandatory: message.mandatory } as amqp.Options.Publish
    this.#parts.tracers.publish(this.#raw, message.exchange, message.routingKey, message.content, options)
  }

  #onConfirm({ deliveryTag: tag, multiple }: { deliveryTag: number; multiple: boolean }, accepted: boolean): void {
    if (tag > this.#published)
      throw new ConnectionError('protocol', `The broker answered for message ${tag} of ${this.#published}`)
    if (accepted) this.answers.confirmed()
    this.#parts.hooks.confirmed?.(tag, multiple, accepted)
  }

  async declareQueue({ name, durable, arguments: args }: QueueDeclaration): Promise<QueueStatus> {
    const asking = this.#raw.assertQueue(name, { durable, exclusive: false, autoDelete: false, arguments: args })
    return await this.#ask(`Declaring the queue '${name}'`, asking.then(readStatus))
  }

  /** Declares a queue of a name that the broker chooses, for this connection only; it goes with it. @returns its name */
  async declareOwnQueue(args: Readonly<Record<string, unknown>>): Promise<string> {
    const options = { durable: false, exclusive: true, autoDelete: true, arguments: args }
    return (await this.#ask('Declaring a queue', this.#raw.assertQueue('', options))).queue
  }

  /** Asks for a queue without declaring it. A missing one closes the channel with 404. */
  async checkQueue(name: string): Promise<QueueStatus> {
    return await this.#ask(`Looking for the queue '${name}'`, this.#raw.checkQueue(name).then(readStatus))
  }

  async declareExchange({ name, type, arguments: args, ...options }: ExchangeDeclaration): Promise<void> {
    const { durable, autoDelete, internal } = options
    const asking = this.#raw.assertExchange(name, type, { durable, autoDelete, internal, arguments: args })
    await this.#ask(`Declaring the exchange '${name}'`, asking)
  }

  /** Asks for an exchange without declaring it. A missing one closes the channel with 404. */
  async checkExchange(name: string): Promise<void> {
    await this.#ask(`Looking for the exchange '${name}'`, this.#raw.checkExchange(name))
  }

  async bind({ source, to, destination, bindingKey, arguments: args }: BindingDeclaration): Promise<void> {
    const asking =
      to === 'queue'
        ? this.#raw.bindQueue(destination, source, bindingKey, args)
        : this.#raw.bindExchange(destination, source, bindingKey, args)
    await this.#ask(`Binding the ${to} '${destination}' to the exchange '${source}'`, asking)
  }

  /** Takes one message out of a queue, to be settled. @returns `undefined` when none is ready */
  async get(queue: string): Promise<ReceivedMessage | undefined> {
    const message = await this.#ask(`Reading from '${queue}'`, this.#raw.get(queue))
    return message === false ? undefined : message
  }

  async prefetch(count: number): Promise<void> {
    await this.#ask('Setting the prefetch', this.#raw.prefetch(count))
  }

  /**
   * Deliveries may come before this resolves. Each has an async context of its own.
   *
   * @param onDelivery - gets `undefined` once when the broker cancels the consumer
   */
  async consume(
    queue: string,
    consumerTag: string,
    onDelivery: (message: ReceivedMessage | undefined) => void,
    how: ConsumeOptions = {},
  ): Promise<void> {
    const options = { consumerTag, ...consumeArguments(how) }
    const asking = this.#parts.tracers.consume(this.#raw, queue, onDelivery, options)
    await this.#ask(`Consuming from '${queue}'`, asking)
  }

  async cancel(consumerTag: string): Promise<void> {
    await this.#ask('Cancelling the consumer', this.#raw.cancel(consumerTag))
  }

  /**
   * @param which - with `all up to it`, every unsettled delivery of this channel that came before it too
   * @returns `false` when the channel has ended: the delivery is the broker's again
   */
  ack(message: Pick<ReceivedMessage, 'fields'>, which: 'one' | 'all up to it'): boolean {
    return this.#settle(() => this.#raw.ack(message as amqp.Message, which === 'all up to it'))
  }

  /**
   * Gives it back to its queue (`basic.nack`).
   *
   * @param which - as for {@link ack}
   * @returns `false` when the channel has ended
   */
  requeue(message: Pick<ReceivedMessage, 'fields'>, which: 'one' | 'all up to it' = 'one'): boolean {
    return this.#settle(() => this.#raw.nack(message as amqp.Message, which === 'all up to it', true))
  }

  /**
   * Gives it back to its queue as failed: a quorum queue counts that, and RabbitMQ 4.3 holds it back where the queue says so.
   *
   * @returns `false` when the channel has ended: the delivery is the broker's again
   */
  requeueFailed(message: ReceivedMessage): boolean {
    // Only basic.reject does: since 4.3, basic.nack gives it back as if nothing had happened.
    return this.#settle(() => this.#raw.reject(message as amqp.Message, true))
  }

  /** To the queue's own dead-letter exchange, or away when it has none. @returns `false` when the channel has ended */
  reject(message: ReceivedMessage): boolean {
    return this.#settle(() => this.#raw.reject(message as amqp.Message, false))
  }

  /** Ends this life at once, then flushes what was written and tells the broker. Never rejects. */
  async close(timeoutMs: number, reason: LeveretError = CLOSED_BY_US): Promise<void> {
    if (!this.#open) return
    this.abandon(reason)
    await atMost(timeoutMs, this.#closeRaw())
  }

  /** amqplib's close waits for close-ok and nothing else; when the connection ends first, only its event tells. */
  async #closeRaw(): Promise<void> {
    await Promise.race([this.#raw.close(), new Promise((resolve) => this.#raw.once('close', resolve))])
  }

  /** amqplib throws here as soon as it knows the channel or the connection to be gone, which may be before we do. */
  #settle(act: () => void): boolean {
    if (!this.#open) return false
    try {
      act()
      return true
    } catch {
      this.#foundEnded()
      return false
    }
  }

  /** When the whole connection ends, its reason comes right after, in the same tick. */
  #foundEnded(): void {
    this.#open = false
    queueMicrotask(() =>
      this.abandon(this.#said ?? new ConnectionError('lost', 'The channel ended with its connection')),
    )
  }

  async #ask<T>(operation: string, answer: Promise<T>): Promise<T> {
    const late = (): Error =>
      new ConnectionError('timeout', `${operation}: no answer within ${this.#parts.replyTimeoutMs} ms`)
    return await within(this.#parts.replyTimeoutMs, this.answers.of(answer), late).catch((error: unknown) => {
      throw unanswered(operation, error, this.#reason)
    })
  }
}
