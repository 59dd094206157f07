import type { Delivery } from '../../broker/message/delivery.js'
import type { Queue } from '../../broker/queue/queue.js'
import { ReplyError } from '../../broker/rules/reply-error.js'
import type { ChannelConsumer } from './channel-consumer.js'

/** A delivery that its channel has not settled. */
export interface LedgerEntry {
  readonly tag: number
  readonly queue: Queue
  readonly delivery: Delivery
  /** The consumer that got it; `undefined` after `basic.get`. */
  readonly consumer: ChannelConsumer | undefined
}

/** Holds the unsettled deliveries of a channel, in the order of their tags. */
export class Ledger {
  readonly #entries = new Map<number, LedgerEntry>()
  #lastTag = 0
  #consumed = 0

  get size(): number {
    return this.#entries.size
  }

  /** How many of the deliveries came to consumers. */
  get consumed(): number {
    return this.#consumed
  }

  nextTag(): number {
    this.#lastTag += 1
    return this.#lastTag
  }

  add(entry: LedgerEntry): void {
    this.#entries.set(entry.tag, entry)
    this.#count(entry, 1)
  }

  /**
   * Takes the deliveries that a client settles. With `multiple` these are all up to a tag, or all for the tag 0.
   *
   * @throws ReplyError 406 if no unsettled delivery has this tag
   */
  take(tag: number, multiple: boolean): LedgerEntry[] {
    if (multiple && tag === 0) return this.takeAll()
    const entry = this.#entries.get(tag)
    if (entry === undefined) throw new ReplyError(406, `unknown delivery tag ${tag}`)
    if (!multiple) return this.#remove([entry])
    const upTo: LedgerEntry[] = []
    for (const known of this.#entries.values()) {
      if (known.tag > tag) break
      upTo.push(known)
    }
    return this.#remove(upTo)
  }

  takeAll(): LedgerEntry[] {
    return this.#remove([...this.#entries.values()])
  }

  /** Puts back deliveries that a transaction did not settle after all. */
  restore(entries: readonly LedgerEntry[]): void {
    const all = [...this.#entries.values(), ...entries].sort((a, b) => a.tag - b.tag)
    this.#entries.clear()
    for (const entry of all) this.#entries.set(entry.tag, entry)
    for (const entry of entries) this.#count(entry, 1)
  }

  /** Forgets a delivery that its queue has taken back. */
  forget(delivery: Delivery): void {
    const entry = [...this.#entries.values()].find((known) => known.delivery === delivery)
    if (entry !== undefined) this.#remove([entry])
  }

  #remove(entries: LedgerEntry[]): LedgerEntry[] {
    for (const entry of entries) {
      this.#entries.delete(entry.tag)
      this.#count(entry, -1)
    }
    return entries
  }

  #count({ consumer }: LedgerEntry, by: 1 | -1): void {
    if (consumer === undefined) return
    consumer.held += by
    this.#consumed += by
  }
}
