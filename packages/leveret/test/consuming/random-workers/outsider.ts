import { setTimeout as delay } from 'node:timers/promises'
import type { ConfirmChannel } from 'amqplib'
import { stranger } from '../../support/stranger.js'

/** What is on its way between two queues comes within this. */
const QUIET_MS = 500
const LETTERS = '.dead-letter'

/** Another program at the queue of a run, that keeps none of leveret's rules: what it sees is what the broker has. */
export class Outsider {
  readonly #url: string
  readonly #queue: string
  readonly #queuesOf: () => Promise<readonly { readonly name: string }[]>

  /** @param queues - lists those of the vhost */
  constructor(url: string, queue: string, queues: () => Promise<readonly { readonly name: string }[]>) {
    this.#url = url
    this.#queue = queue
    this.#queuesOf = queues
  }

  /** Sends something that does not fit the contract. @returns whether the queue has it for sure */
  async sendInvalid(n: number, messageId: string): Promise<boolean> {
    const content = Buffer.from(JSON.stringify({ n }))
    const sending = this.#onChannel(async (channel) => {
      let isRouted = true
      channel.on('return', () => {
        isRouted = false
      })
      channel.sendToQueue(this.#queue, content, { messageId, persistent: true, mandatory: true })
      await channel.waitForConfirms()
      return isRouted
    })
    // RabbitMQ 3.10 closes the connection of who sends to a quorum queue that is being deleted (541).
    return await sending.catch(() => false)
  }

  async deleteQueue(): Promise<void> {
    await this.#onChannel(async (channel) => await channel.deleteQueue(this.#queue))
  }

  /** @returns how many messages wait in the queue, and in those of its delays */
  async countWaiting(): Promise<number> {
    return await this.#count((name) => !name.endsWith(LETTERS))
  }

  /** @returns how many dead letters there are */
  async countLetters(): Promise<number> {
    return await this.#count((name) => name.endsWith(LETTERS))
  }

  /** Takes out what is left. @param found - gets the id of each message, and where it was */
  async drain(found: (messageId: string, queue: string) => void): Promise<void> {
    const names = await this.#names()
    let lastAt = performance.now()
    await this.#onChannel(async (channel) => {
      for (const name of names) {
        const note = (message: { readonly properties: { readonly messageId?: unknown } } | null): void => {
          lastAt = performance.now()
          if (message !== null) found(String(message.properties.messageId ?? ''), name)
        }
        // Consuming, because RabbitMQ hands out no single messages of a queue with a single active consumer.
        await channel.consume(name, note, { noAck: true })
      }
      while (performance.now() - lastAt < QUIET_MS) await delay(50)
    })
  }

  async #count(isMeant: (name: string) => boolean): Promise<number> {
    const names = (await this.#names()).filter(isMeant)
    return await this.#onChannel(async (channel) => {
      const counts = await Promise.all(names.map(async (name) => await channel.checkQueue(name)))
      return counts.reduce((sum, { messageCount }) => sum + messageCount, 0)
    })
  }

  async #names(): Promise<string[]> {
    const isOurs = ({ name }: { readonly name: string }): boolean =>
      name === this.#queue || name.startsWith(`${this.#queue}.`)
    return (await this.#queuesOf()).filter(isOurs).map(({ name }) => name)
  }

  async #onChannel<T>(act: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
    await using other = await stranger(this.#url)
    return await act(other.channel)
  }
}
