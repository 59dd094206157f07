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
 * One AMQP channel. Once closed it stays closed, because delivery tags and confirms belong to this channel alone.
 *
 * Calls do not throw because the channel is closed. A call that needs an answer rejects; any other returns `false`.
 */
export class Channel {
  readonly #raw: amqp.Channel | amqp.ConfirmChannel
  readonly #parts: ChannelParts
  isOpen = true
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
    // The frame may be a delivery, which now stays unsettled: the broker requeues it when the channel ends.
    raw.on('handler-error', (error) => {
      if (error instanceof ConnectionError) parts.onBreach(error)
      else void this.close(CLOSE_TIMEOUT_MS, strangeOn(error))
    })
    raw.on('close', () => this.#foundEnded())
    raw.on('return', ({ fields, properties }) => parts.hooks.returned?.(readReturn(fields, properties)))
    onConfirmFirst(raw, this.#onConfirm)
  }

  /** Whether the frames of this channel go to the socket in the order in which they were written. */
  get isStraight(): boolean {
    return this.#parts.frames !== undefined
  }

  /** Aborted, with the reason, when the channel ends. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Ends the channel without telling the broker. Only the first reason counts. */
  abandon(reason: LeveretError): void {
    this.isOpen = false
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#end.abort(reason)
    this.#parts.hooks.closed?.(reason)
  }

  /**
   * Writes a message to the connection (`basic.publish`).
   *
   * @returns the delivery tag that the broker will answer with, or `undefined` if the channel has ended
   * @throws if the properties cannot be encoded or do not fit; then nothing was sent and no tag was used
   */
  publish(message: OutgoingMessage): number | undefined {
    if (!this.isOpen) return undefined
    try {
      const { frames, tracers } = this.#parts
      if (tracers.seePublish(this.#raw) || frames?.publishes.write(message) !== true) this.#publishRaw(message)
    } catch (error) {
      // amqplib may know first that the channel has ended. Any other error is about this message.
      if (!isIllegalOperation(error)) throw error
      this.#foundEnded()
      return undefined
    }
    this.#published += 1
    if (!this.answers.hasConfirmed) this.answers.published()
    return this.#published
  }

  #publishRaw(message: OutgoingMessage): void {
    const properties = fittingProperties(message, this.#parts.frameMax ?? Number.POSITIVE_INFINITY)
    if (this.#parts.frames?.publishes.writeFields(message, properties) === true) return
    const options = { ...writableProperties(properties), mandatory: message.mandatory } as amqp.Options.Publish
    this.#parts.tracers.publish(this.#raw, message.exchange, message.routingKey, message.content, options)
  }

  readonly #onConfirm = (
    accepted: boolean,
    { deliveryTag: tag, multiple }: { readonly deliveryTag: number; readonly multiple: boolean },
  ): void => {
    if (tag > this.#published)
      throw new ConnectionError('protocol', `The broker answered for message ${tag} of ${this.#published}`)
    if (accepted && !this.answers.hasConfirmed) this.answers.confirmed()
    this.#parts.hooks.confirmed?.(tag, multiple, accepted)
  }

  async declareQueue({ name, durable, arguments: args }: QueueDeclaration): Promise<QueueStatus> {
    const asking = this.#raw.assertQueue(name, { durable, exclusive: false, autoDelete: false, arguments: args })
    return await this.#ask(`Declaring the queue '${name}'`, asking.then(readStatus))
  }

  /** Declares a queue that the broker names and deletes with this connection. @returns its name */
  async declareOwnQueue(args: Readonly<Record<string, unknown>>): Promise<string> {
    const options = { durable: false, exclusive: true, autoDelete: true, arguments: args }
    return (await this.#ask('Declaring a queue', this.#raw.assertQueue('', options))).queue
  }

  /** Asks for a queue without declaring it. If it is missing, the broker closes the channel with 404. */
  async checkQueue(name: string): Promise<QueueStatus> {
    return await this.#ask(`Checking the queue '${name}'`, this.#raw.checkQueue(name).then(readStatus))
  }

  async declareExchange({ name, type, arguments: args, ...options }: ExchangeDeclaration): Promise<void> {
    const { durable, autoDelete, internal } = options
    const asking = this.#raw.assertExchange(name, type, { durable, autoDelete, internal, arguments: args })
    await this.#ask(`Declaring the exchange '${name}'`, asking)
  }

  /** Asks for an exchange without declaring it. If it is missing, the broker closes the channel with 404. */
  async checkExchange(name: string): Promise<void> {
    await this.#ask(`Checking the exchange '${name}'`, this.#raw.checkExchange(name))
  }

  async bind({ source, to, destination, bindingKey, arguments: args }: BindingDeclaration): Promise<void> {
    const asking =
      to === 'queue'
        ? this.#raw.bindQueue(destination, source, bindingKey, args)
        : this.#raw.bindExchange(destination, source, bindingKey, args)
    await this.#ask(`Binding the ${to} '${destination}' to the exchange '${source}'`, asking)
  }

  /** Takes one message out of a queue (`basic.get`), to be settled. @returns `undefined` if none is ready */
  async get(queue: string): Promise<ReceivedMessage | undefined> {
    const message = await this.#ask(`Getting a message from '${queue}'`, this.#raw.get(queue))
    return message === false ? undefined : message
  }

  async prefetch(count: number): Promise<void> {
    await this.#ask('Setting the prefetch', this.#raw.prefetch(count))
  }

  /**
   * Starts a consumer (`basic.consume`). Deliveries may arrive before this resolves. Each runs in its own async
   * context.
   *
   * @param onDelivery - receives `undefined` once, if the broker cancels the consumer
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
   * Acknowledges a delivery (`basic.ack`).
   *
   * @param which - with `all up to it`, also every earlier unsettled delivery of this channel
   * @returns `false` if the channel has ended: the broker then has the message again
   */
  ack(message: Pick<ReceivedMessage, 'fields'>, which: 'one' | 'all up to it'): boolean {
    const all = which === 'all up to it'
    const { frames, tracers } = this.#parts
    if (this.isOpen && !tracers.seeAck(this.#raw) && frames?.acks.write(message.fields.deliveryTag, all)) return true
    return this.#settle(() => this.#raw.ack(message as amqp.Message, all))
  }

  /** Puts a delivery back into its queue (`basic.nack(requeue=true)`). @returns `false` if the channel has ended */
  requeue(message: Pick<ReceivedMessage, 'fields'>, which: 'one' | 'all up to it' = 'one'): boolean {
    return this.#settle(() => this.#raw.nack(message as amqp.Message, which === 'all up to it', true))
  }

  /**
   * Puts a delivery back into its queue as failed (`basic.reject(requeue=true)`). A quorum queue counts the failure,
   * and RabbitMQ 4.3 delays the redelivery if the queue says so. Since 4.3, basic.nack does not count as a failure.
   *
   * @returns `false` if the channel has ended: the broker then has the message again
   */
  requeueFailed(message: ReceivedMessage): boolean {
    return this.#settle(() => this.#raw.reject(message as amqp.Message, true))
  }

  /** Rejects a delivery (`basic.reject(requeue=false)`): it goes to the queue's dead-letter exchange, or is dropped. */
  reject(message: ReceivedMessage): boolean {
    return this.#settle(() => this.#raw.reject(message as amqp.Message, false))
  }

  /** Ends the channel at once, then sends what was written and tells the broker. Never rejects. */
  async close(timeoutMs: number, reason: LeveretError = CLOSED_BY_US): Promise<void> {
    if (!this.isOpen) return
    this.abandon(reason)
    await atMost(timeoutMs, this.#closeRaw())
  }

  /** Waits for the close event too: amqplib's `close` never settles if the connection ends before close-ok. */
  async #closeRaw(): Promise<void> {
    await Promise.race([this.#raw.close(), new Promise((resolve) => this.#raw.once('close', resolve))])
  }

  /** Settles a delivery. amqplib throws if the channel or the connection has ended, which it may know first. */
  #settle(act: () => void): boolean {
    if (!this.isOpen) return false
    try {
      act()
      return true
    } catch {
      this.#foundEnded()
      return false
    }
  }

  /** Marks the channel as ended. If the whole connection ended, its reason follows in the same tick. */
  #foundEnded(): void {
    this.isOpen = false
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
