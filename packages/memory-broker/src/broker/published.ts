import type { Message } from './message/message.js'

/** A message, its vhost, and the queues that it reached. */
interface Entry {
  readonly vhost: string
  readonly queues: readonly string[]
  readonly message: Message
}

/** The most bytes of bodies to keep. */
const MAX_BYTES = 32 * 1024 * 1024

/** Keeps the newest messages that clients have published. */
export class Published {
  readonly #limit: number
  #entries: Entry[] = []
  #bytes = 0

  /** @param limit - the most messages to keep */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(entry: Entry): void {
    if (this.#limit === 0) return
    this.#entries.push(entry)
    this.#bytes += entry.message.bytes
    // Drops half of the messages at once, so that adding one costs the same whatever the limit.
    if (this.#entries.length > this.#limit || this.#bytes > MAX_BYTES) this.#forget(Math.ceil(this.#entries.length / 2))
  }

  /** Returns the messages of a vhost, the oldest first. */
  in(vhost: string): readonly Message[] {
    return this.#entries.filter((entry) => entry.vhost === vhost).map(({ message }) => message)
  }

  /** Returns the messages that reached a queue, the oldest first. */
  to(queue: string, vhost: string): readonly Message[] {
    const own = this.#entries.filter((entry) => entry.vhost === vhost && entry.queues.includes(queue))
    return own.map(({ message }) => message)
  }

  /** Forgets the messages of a deleted vhost. */
  forgetVhost(vhost: string): void {
    for (const { message } of this.#entries.filter((entry) => entry.vhost === vhost)) this.#bytes -= message.bytes
    this.#entries = this.#entries.filter((entry) => entry.vhost !== vhost)
  }

  #forget(count: number): void {
    for (const { message } of this.#entries.slice(0, count)) this.#bytes -= message.bytes
    this.#entries = this.#entries.slice(count)
  }
}
