import { DenseMap } from '../collections/dense-map.js'
import { Tags } from '../collections/tags.js'
import type { ReturnedMessage } from '../message/message.js'
import type { Publication } from './publication.js'

/** Publications that await their confirm on one channel, in the order of their delivery tags. */
export class ConfirmWindow {
  readonly #byTag = new Tags<Publication>()
  /**
   * Publications by message id. The broker returns a message by its id only, so each id is in flight once at a time.
   * The map is made on first use, and kept until the window is empty: most ids are new, and most messages find a queue.
   */
  #byId: DenseMap<string, Publication> | undefined
  #bytes = 0

  get size(): number {
    return this.#byTag.size
  }

  /** How many bytes of content amqplib may hold. */
  get bytes(): number {
    return this.#bytes
  }

  holds(messageId: string): boolean {
    return this.size > 0 && this.#ids().has(messageId)
  }

  add(tag: number, publication: Publication): void {
    this.#byTag.add(tag, publication)
    this.#bytes += publication.bytes
    this.#byId?.set(publication.message.properties.messageId, publication)
  }

  /**
   * Marks a message as returned. RabbitMQ returns a message before it confirms it.
   *
   * @see https://www.rabbitmq.com/docs/confirms#when-publishes-are-confirmed
   */
  markReturned({ messageId, replyCode, replyText }: ReturnedMessage): void {
    const publication = this.#ids().get(messageId)
    if (publication === undefined) return
    const why =
      publication.message.exchange === '' ? 'there is no such queue' : 'no queue is bound for this routing key'
    publication.returnedBecause = `${why} (${replyCode} ${replyText})`
  }

  /** Removes and returns the publications that the broker has answered: one tag, or all up to it. */
  take(tag: number, multiple: boolean): Publication[] {
    const taken = this.#byTag.take(tag, multiple)
    for (const publication of taken) this.#leave(publication)
    if (this.size === 0) this.#byId = undefined
    return taken
  }

  /** Removes and returns everything, after the channel has ended. */
  drain(): Publication[] {
    return this.take(Number.POSITIVE_INFINITY, true)
  }

  [Symbol.iterator](): IterableIterator<Publication> {
    return this.#byTag[Symbol.iterator]()
  }

  #ids(): DenseMap<string, Publication> {
    if (this.#byId === undefined) {
      this.#byId = new DenseMap()
      for (const publication of this) this.#byId.set(publication.message.properties.messageId, publication)
    }
    return this.#byId
  }

  #leave(publication: Publication): void {
    this.#bytes -= publication.bytes
    this.#byId?.delete(publication.message.properties.messageId)
    publication.place = 'answered'
  }
}
