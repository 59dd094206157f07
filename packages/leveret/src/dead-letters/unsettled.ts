import type { Channel } from '../amqp/channel.js'
import { ConnectionError } from '../errors/connection-error.js'
import type { ReceivedMessage } from '../message/message.js'

/**
 * The unsettled messages of a channel, in the order of their delivery tags. It settles them with as few commands as
 * possible.
 */
export class Unsettled {
  readonly #channel: Channel
  readonly #queue: string
  readonly #taken = new Map<number, Taken>()
  #acked: Pick<ReceivedMessage, 'fields'>[] = []
  #run = 0

  constructor(channel: Channel, queue: string) {
    this.#channel = channel
    this.#queue = queue
  }

  /** The unsettled messages, without those that are held. */
  get messages(): ReceivedMessage[] {
    return [...this.#taken.values()].flatMap(({ message }) => message ?? [])
  }

  /** Whether some messages are held. Messages behind them then have to be acknowledged one by one. */
  get holdsSome(): boolean {
    return [...this.#taken.values()].some(({ message }) => message === undefined)
  }

  /** Begins a new run: messages added from here on were taken by another consumer. */
  beginRun(): void {
    this.#run += 1
  }

  add(message: ReceivedMessage): void {
    const { fields } = message
    this.#taken.set(fields.deliveryTag, { fields, run: this.#run, message })
  }

  /** Drops the content of a message. The message stays unsettled until {@link giveBackAll}. */
  hold({ fields }: ReceivedMessage): void {
    this.#taken.set(fields.deliveryTag, { fields, run: this.#run, message: undefined })
  }

  /** Marks a message as done. {@link flush} acknowledges it. */
  ack({ fields }: ReceivedMessage): void {
    this.#taken.delete(fields.deliveryTag)
    this.#acked.push({ fields })
  }

  /**
   * Sends the acks. One `basic.ack(multiple=true)` covers all messages before the first that is still unsettled.
   *
   * @throws {@link ConnectionError} the channel has ended: all of the messages are in the queue again
   */
  async flush(): Promise<void> {
    const acked = this.#acked.sort((one, other) => one.fields.deliveryTag - other.fields.deliveryTag)
    this.#acked = []
    const [firstStaying = Number.POSITIVE_INFINITY] = this.#taken.keys()
    const free = acked.filter(({ fields }) => fields.deliveryTag < firstStaying)
    const last = free.at(-1)
    if (last !== undefined) this.#ack(last, 'all up to it')
    for (const [index, one] of acked.slice(free.length).entries()) {
      if (index % COMMANDS_AT_ONCE === COMMANDS_AT_ONCE - 1) await this.#catchUp()
      this.#ack(one, 'one')
    }
  }

  /** Gives these messages back, in their order (`basic.nack(requeue=true)`). */
  giveBack(messages: readonly ReceivedMessage[]): void {
    for (const { fields } of messages) {
      this.#taken.delete(fields.deliveryTag)
      this.#channel.requeue({ fields })
    }
  }

  /** Gives all unsettled messages back, in their order (`basic.nack(requeue=true)`). @returns whether there were any */
  giveBackAll(): boolean {
    const all = [...this.#taken.values()]
    this.#taken.clear()
    for (const [index, taken] of all.entries()) {
      // One basic.nack for each consumer: for messages of several consumers, RabbitMQ does not keep the order. Never
      // basic.reject: it raises the delivery count on every version of RabbitMQ, and basic.nack does not since 4.3.
      if (all[index + 1]?.run !== taken.run) this.#channel.requeue(taken, 'all up to it')
    }
    return all.length > 0
  }

  #ack(one: Pick<ReceivedMessage, 'fields'>, which: 'one' | 'all up to it'): void {
    if (!this.#channel.ack(one, which)) throw new ConnectionError('lost', 'The channel ended before the ack')
  }

  /** Waits until the broker has processed the earlier commands: it answers `basic.get` after them. */
  async #catchUp(): Promise<void> {
    const message = await this.#channel.get(this.#queue)
    if (message !== undefined) this.add(message)
  }
}

/**
 * How many acks may be on their way to a quorum queue from one channel. RabbitMQ buffers more than 32 until earlier
 * ones have been processed, and drops the buffered ones when the channel is closed (measured on 3.10.8, 4.0.5 and
 * 4.3.6).
 */
export const COMMANDS_AT_ONCE = 30

/** A message that is not settled yet. */
interface Taken {
  readonly fields: ReceivedMessage['fields']
  /** The number of the consumer that took the message, counted by {@link Unsettled.beginRun}. */
  readonly run: number
  /** `undefined` when the message is held. */
  readonly message: ReceivedMessage | undefined
}
