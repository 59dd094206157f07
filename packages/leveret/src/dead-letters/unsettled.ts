import type { Channel } from '../amqp/channel.js'
import { ConnectionError } from '../errors/errors.js'
import type { ReceivedMessage } from '../message/message.js'

/**
 * How many commands of a channel to a quorum queue may be on their way. RabbitMQ keeps more than 32 to itself until others have
 * been carried out, and forgets them when the channel is closed (measured on 3.10.8, 4.0.5 and 4.3.6).
 */
export const COMMANDS_AT_ONCE = 30

/** A message that is not settled yet. */
interface Taken {
  readonly fields: ReceivedMessage['fields']
  /** Which consumer took it: the first, the second, … */
  readonly run: number
  /** `undefined` when it is held. */
  readonly message: ReceivedMessage | undefined
}

/** What a channel has taken from a queue, in the order of its delivery tags. It is settled with as few commands as can be. */
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

  /** All but those that are held. */
  get messages(): ReceivedMessage[] {
    return [...this.#taken.values()].flatMap(({ message }) => message ?? [])
  }

  /** Whether some stay until all are given back, so that what is behind them is acknowledged one by one. */
  get holdsSome(): boolean {
    return [...this.#taken.values()].some(({ message }) => message === undefined)
  }

  /** What is added from now on was taken by another consumer. */
  beginRun(): void {
    this.#run += 1
  }

  add(message: ReceivedMessage): void {
    const { fields } = message
    this.#taken.set(fields.deliveryTag, { fields, run: this.#run, message })
  }

  /** Forgets its content. It stays unsettled, until all are given back. */
  hold({ fields }: ReceivedMessage): void {
    this.#taken.set(fields.deliveryTag, { fields, run: this.#run, message: undefined })
  }

  /** Settles a message for good, when {@link flush} is called. */
  ack({ fields }: ReceivedMessage): void {
    this.#taken.delete(fields.deliveryTag)
    this.#acked.push({ fields })
  }

  /**
   * Acknowledges what was settled, all at once where nothing that stays lies before it.
   *
   * @throws {@link ConnectionError} the channel has ended: it is all in the queue again
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

  /** Gives these back, in their order. */
  giveBack(messages: readonly ReceivedMessage[]): void {
    for (const { fields } of messages) {
      this.#taken.delete(fields.deliveryTag)
      this.#channel.requeue({ fields })
    }
  }

  /** Gives back all that is not settled, in its order. @returns whether there was any */
  giveBackAll(): boolean {
    const all = [...this.#taken.values()]
    this.#taken.clear()
    for (const [index, taken] of all.entries()) {
      // One command for what one consumer took: of several consumers RabbitMQ keeps no order.
      // Never basic.reject: it raises the delivery count on every version of RabbitMQ, and basic.nack does not since 4.3.
      if (all[index + 1]?.run !== taken.run) this.#channel.requeue(taken, 'all up to it')
    }
    return all.length > 0
  }

  #ack(one: Pick<ReceivedMessage, 'fields'>, which: 'one' | 'all up to it'): void {
    if (!this.#channel.ack(one, which)) throw new ConnectionError('lost', 'The channel ended before the ack')
  }

  /** Resolves when the broker has carried out what it was told: it answers `basic.get` after it. */
  async #catchUp(): Promise<void> {
    const message = await this.#channel.get(this.#queue)
    if (message !== undefined) this.add(message)
  }
}
