import { randomUUID } from 'node:crypto'
import { type ChannelModel, type ConfirmChannel, connect as connectRaw } from 'amqplib'
import { connect, Producer, workQueue } from 'leveret'
import { z } from 'zod'

/** Contract of the letters. */
export const contract = workQueue('letters', { payload: z.object({ n: z.int(), filler: z.string() }) })
/** Name of the contract's dead-letter queue. */
export const LETTERS = 'letters.dead-letter'

/** How many letters may be unconfirmed while the queue is filled. */
const WINDOW = 500
const WINDOW_BYTES = 16 * 1024 * 1024

/** The two queues, prepared between the runs. */
export class Stock implements AsyncDisposable {
  readonly #connection: ChannelModel
  readonly #channel: ConfirmChannel

  private constructor(connection: ChannelModel, channel: ConfirmChannel) {
    this.#connection = connection
    this.#channel = channel
  }

  /** Declares the queues, as leveret does. */
  static async open(url: string): Promise<Stock> {
    const rabbit = await connect(url)
    await new Producer(rabbit, contract).send({ n: 0, filler: '' })
    await rabbit.close()
    const connection = await connectRaw(url)
    return new Stock(connection, await connection.createConfirmChannel())
  }

  /** Empties both queues, and fills one with letters, as a worker writes them. */
  async fill(letters: number, bytes: number): Promise<void> {
    await this.empty()
    const headers = {
      'leveret-attempt': 4,
      'leveret-exchange': '',
      'leveret-routing-key': contract.name,
      'leveret-queue': contract.name,
      'leveret-reason': 'attempts-exhausted',
      'leveret-error-name': 'Error',
      'leveret-error-message': 'The order service did not answer',
      'leveret-dead-lettered-at': new Date().toISOString(),
    }
    const filler = 'x'.repeat(bytes)
    const atOnce = Math.max(1, Math.min(WINDOW, Math.floor(WINDOW_BYTES / bytes)))
    for (let n = 0; n < letters; n += 1) {
      const properties = { persistent: true, contentType: 'application/json', messageId: randomUUID(), headers }
      this.#channel.sendToQueue(LETTERS, Buffer.from(JSON.stringify({ n, filler })), properties)
      if (n % atOnce === atOnce - 1) await this.#channel.waitForConfirms()
    }
    await this.#channel.waitForConfirms()
  }

  /** Empties both queues. @returns how many messages and letters there were */
  async empty(): Promise<{ work: number; letters: number }> {
    const { messageCount: work } = await this.#channel.purgeQueue(contract.name)
    const { messageCount: letters } = await this.#channel.purgeQueue(LETTERS)
    return { work, letters }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close()
  }
}
