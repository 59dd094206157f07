import { DenseMap } from '../../collections/dense-map.js'
import type { ReturnedMessage } from '../../message/message.js'
import type { Publication } from './publication.js'

/** Publications that await their confirm on one channel, in the order of their delivery tags. */
export class ConfirmWindow {
  readonly #byTag = new DenseMap<number, Publication>()
  /**
   * Publications by message id. The broker returns a message by its id only, so each id is in flight once at a time.
   * The map is made on first use, and kept until the window is empty: most ids are new, and most messages find a queue.
   */
  #byId: DenseMap<string, Publication> | undefined
  /** How many publications await their confirm. */
  size = 0
  /** How many bytes of content amqplib may hold. */
  bytes = 0

  holds(messageId: string): boolean {
    return this.size > 0 && this.#ids().has(messageId)
  }

  /** Adds a publication under its tag. Tags must grow from call to call. */
  add(tag: number, publication: Publication): void {
    this.#byTag.set(tag, publication)
    this.size += 1
    this.bytes += publication.bytes
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

  /** Removes and returns the publication that the broker has answered. */
  take(tag: number): Publication | undefined {
    const publication = this.#byTag.delete(tag)
    if (publication === undefined) return undefined
    this.size -= 1
    this.bytes -= publication.bytes
    this.#byId?.delete(publication.message.properties.messageId)
    if (this.size === 0) this.#byId = undefined
    publication.place = 'answered'
    return publication
  }

  /** Removes and returns all publications up to this tag. */
  takeUpTo(tag: number): Publication[] {
    const taken: Publication[] = []
    for (const next of this.#byTag.keys()) {
      if (next > tag) break
      const publication = this.take(next)
      if (publication !== undefined) taken.push(publication)
    }
    return taken
  }

  /**
   * Whether every publication in it is late: it has settled, or it has no time limit and was passed to amqplib before
   * this time of `performance.now()`.
   */
  isLate(lateAt: number): boolean {
    for (const { isSettled, deadline, handedOverAt } of this) {
      if (!isSettled && (deadline !== Number.POSITIVE_INFINITY || handedOverAt > lateAt)) return false
    }
    return true
  }

  /** Removes and returns everything, after the channel has ended. */
  drain(): Publication[] {
    return this.takeUpTo(Number.POSITIVE_INFINITY)
  }

  [Symbol.iterator](): IterableIterator<Publication> {
    return this.#byTag.values()
  }

  #ids(): DenseMap<string, Publication> {
    if (this.#byId === undefined) {
      this.#byId = new DenseMap()
      for (const publication of this) this.#byId.set(publication.message.properties.messageId, publication)
    }
    return this.#byId
  }
}
