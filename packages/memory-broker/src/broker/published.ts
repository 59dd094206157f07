import type { Message } from './message/message.js'

/** A message, where it was published, and which queues it was given to. */
interface Entry {
  readonly vhost: string
  readonly queues: readonly string[]
  readonly message: Message
}

/** Bodies of more bytes than this are not all kept. */
const MAX_BYTES = 32 * 1024 * 1024

/** What clients have published, the newest of it. */
export class Published {
  readonly #limit: number
  #entries: Entry[] = []
  #bytes = 0

  /** @param limit - how many messages are kept at most */
  constructor(limit: number) {
    this.#limit = limit
  }

  add(entry: Entry): void {
    if (this.#limit === 0) return
    this.#entries.push(entry)
    this.#bytes += entry.message.bytes
    // Half of them go at once, so that one more costs the same however many there are.
    if (this.#entries.length > this.#limit || this.#bytes > MAX_BYTES) this.#forget(Math.ceil(this.#entries.length / 2))
  }

  /** The oldest first. */
  in(vhost: string): readonly Message[] {
    return this.#entries.filter((entry) => entry.vhost === vhost).map(({ message }) => message)
  }

  /** Those that a queue was given. The oldest first. */
  to(queue: string, vhost: string): readonly Message[] {
    const own = this.#entries.filter((entry) => entry.vhost === vhost && entry.queues.includes(queue))
    return own.map(({ message }) => message)
  }

  /** Forgets what was published in a vhost that is gone. */
  forgetVhost(vhost: string): void {
    for (const { message } of this.#entries.filter((entry) => entry.vhost === vhost)) this.#bytes -= message.bytes
    this.#entries = this.#entries.filter((entry) => entry.vhost !== vhost)
  }

  #forget(count: number): void {
    for (const { message } of this.#entries.slice(0, count)) this.#bytes -= message.bytes
    this.#entries = this.#entries.slice(count)
  }
}
