import type { QueueConsumer } from '../message/delivery.js'

/** Holds the consumers of a queue, and chooses whose turn it is. */
export class Consumers {
  /** The consumers by priority, the highest first; within a priority, the one that has waited longest comes first. */
  #inTurn: QueueConsumer[] = []
  readonly #singleActive: boolean
  /** Whether a consumer of a higher priority takes the place of the active one. */
  readonly #replaces: boolean
  readonly #suspended = new Set<QueueConsumer>()
  #active: QueueConsumer | undefined

  constructor({ singleActive, replaces }: { singleActive: boolean; replaces: boolean }) {
    this.#singleActive = singleActive
    this.#replaces = replaces
  }

  get count(): number {
    return this.#inTurn.length
  }

  get all(): readonly QueueConsumer[] {
    return this.#inTurn
  }

  get hasExclusive(): boolean {
    return this.#inTurn.some(({ exclusive }) => exclusive)
  }

  /** Whether the queue may deliver to a consumer. */
  isActive(consumer: QueueConsumer): boolean {
    return !this.#singleActive || consumer === this.#active
  }

  /** Stops deliveries to a consumer until {@link resume}. */
  suspend(consumer: QueueConsumer): void {
    this.#suspended.add(consumer)
  }

  resume(consumer: QueueConsumer): void {
    this.#suspended.delete(consumer)
  }

  add(consumer: QueueConsumer): void {
    this.#insert(consumer)
    this.#active ??= consumer
  }

  /** @returns whether the consumer was there */
  remove(consumer: QueueConsumer): boolean {
    const index = this.#inTurn.indexOf(consumer)
    if (index < 0) return false
    this.#inTurn.splice(index, 1)
    this.#suspended.delete(consumer)
    if (this.#active === consumer) this.#active = this.#inTurn[0]
    return true
  }

  removeAll(): QueueConsumer[] {
    const all = this.#inTurn
    this.#inTurn = []
    this.#active = undefined
    return all
  }

  /** Returns the next consumer that has room. After its turn it waits behind the others of its priority. */
  next(): QueueConsumer | undefined {
    if (this.#singleActive) return this.#nextActive()
    const consumer = this.#inTurn.find((candidate) => this.#isReady(candidate))
    if (consumer === undefined) return undefined
    this.#inTurn.splice(this.#inTurn.indexOf(consumer), 1)
    this.#insert(consumer)
    return consumer
  }

  /**
   * Returns the active consumer. It gets nothing more while a consumer of a higher priority waits, and is replaced once
   * it has settled everything.
   */
  #nextActive(): QueueConsumer | undefined {
    const [highest] = this.#inTurn
    const active = this.#active
    if (active === undefined || highest === undefined) return undefined
    if (this.#replaces && highest.priority > active.priority) {
      if (active.held > 0) return undefined
      this.#active = highest
    }
    return this.#active !== undefined && this.#isReady(this.#active) ? this.#active : undefined
  }

  #isReady(consumer: QueueConsumer): boolean {
    return consumer.canTake && !this.#suspended.has(consumer)
  }

  #insert(consumer: QueueConsumer): void {
    const behind = this.#inTurn.findIndex(({ priority }) => priority < consumer.priority)
    this.#inTurn.splice(behind < 0 ? this.#inTurn.length : behind, 0, consumer)
  }
}
