import { randomUUID } from 'node:crypto'
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { type Schema, type WorkQueue, workQueue } from 'leveret'
import type { QueueType } from '../arguments.js'
import { type Order, orderSchema } from './order.js'
import type { Case } from './work.js'

/** Creates a contract for a queue that is durable and plain, so that any client can declare the same queue. */
export function contractOf(name: string, type: QueueType, payload: Schema<Order>): WorkQueue<Schema<Order>> {
  const queue = { type, arguments: { 'x-queue-type': type } }
  return workQueue(name, { payload, queue, retry: false, deadLetter: false })
}

/** The queue of one case, prepared and checked between the runs. Disposing deletes it. */
export class Stock implements AsyncDisposable {
  /** Contract of the queue. */
  readonly contract: WorkQueue<Schema<Order>>
  readonly #connection: ChannelModel
  readonly #channel: ConfirmChannel

  private constructor(contract: WorkQueue<Schema<Order>>, connection: ChannelModel, channel: ConfirmChannel) {
    this.contract = contract
    this.#connection = connection
    this.#channel = channel
  }

  /** Declares the queue, which is empty. */
  static async open(
    url: string,
    { queue: type, payload, atOnce }: Pick<Case, 'queue' | 'payload' | 'atOnce'>,
  ): Promise<Stock> {
    const connection = await connect(url)
    const channel = await connection.createConfirmChannel()
    const name = `${type}-${payload.bytes}-${atOnce}`
    await channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': type } })
    return new Stock(contractOf(name, type, orderSchema), connection, channel)
  }

  /** Publishes `messages` copies of an order, as leveret sends it. */
  async fill(order: Order, messages: number): Promise<void> {
    const content = Buffer.from(JSON.stringify(order))
    for (let n = 0; n < messages; n += 1) {
      const properties = { persistent: true, contentType: 'application/json', messageId: randomUUID() }
      this.#channel.publish('', this.contract.name, content, properties)
    }
    await this.#channel.waitForConfirms()
  }

  /** Empties the queue. @returns how many messages there were */
  async empty(): Promise<number> {
    const { messageCount } = await this.#channel.purgeQueue(this.contract.name)
    return messageCount
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel.deleteQueue(this.contract.name)
    await this.#connection.close()
  }
}
