import { randomUUID } from 'node:crypto'
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { type WorkQueue, workQueue } from 'leveret'
import { type Order, orderSchema } from './order.js'
import type { Case } from './work.js'

/** The queue of one case, prepared and checked between the runs. Disposing deletes it. */
export class Stock implements AsyncDisposable {
  /** Contract of the queue: durable and plain, so that any client can declare the same queue. */
  readonly contract: WorkQueue<typeof orderSchema>
  readonly #connection: ChannelModel
  readonly #channel: ConfirmChannel

  private constructor(contract: WorkQueue<typeof orderSchema>, connection: ChannelModel, channel: ConfirmChannel) {
    this.contract = contract
    this.#connection = connection
    this.#channel = channel
  }

  /** Declares the queue, which is empty. */
  static async open(url: string, { queue: type, bytes, atOnce }: Case): Promise<Stock> {
    const connection = await connect(url)
    const channel = await connection.createConfirmChannel()
    const args = { 'x-queue-type': type }
    const name = `${type}-${bytes}-${atOnce}`
    await channel.assertQueue(name, { durable: true, arguments: args })
    const queue = { type, arguments: args }
    const contract = workQueue(name, { payload: orderSchema, queue, retry: false, deadLetter: false })
    return new Stock(contract, connection, channel)
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
