import type { ReceivedMessage } from '../connection/message.js'
import type { InHand } from '../in-hand.js'
import { unlessAborted } from '../timing.js'
import type { Stage } from './intake.js'
import type { Life } from './life.js'
import type { Slots } from './slots.js'
import type { Suspicion } from './suspicion.js'

/** What isolation needs of the consumer. */
export interface IsolationOptions {
  readonly suspicion: Suspicion
  /** Unsettled deliveries that the broker lets it hold. */
  readonly prefetch: number
  readonly slots: Slots
  /** All deliveries, from their arrival on. */
  readonly inHand: InHand
  /** The stage has changed. Resolves when the broker does as it says. Never rejects. */
  changed(): Promise<void>
  /** Resolves when the broker has read all that was settled before, or rejects when its channel is lost. */
  told(): Promise<void>
  /** It is handled alone. */
  isolated(message: ReceivedMessage): void
}

/**
 * Has a message that may end its process handled with nothing else in hand: what is in hand comes back with it, and would be
 * suspected, and in the end given up, like the culprit.
 */
export class Isolation {
  readonly #options: IsolationOptions
  #stage: Stage = 'open'
  #closed = false

  constructor(options: IsolationOptions) {
    this.#options = options
  }

  get stage(): Stage {
    return this.#stage
  }

  /** A fresh subscription begins. What has come back comes first, so it takes one, and more when that is no suspect. */
  restart(): void {
    this.#stage = this.#options.suspicion.isOn ? 'one by one' : 'open'
  }

  /** The intake is about to change. A fresh consumer would bring another one beside that which is still in hand. */
  steering(): void {
    if (this.#stage === 'one by one' && this.#options.inHand.size > 0) this.#stage = 'one left'
  }

  /** A delivery has come. @returns a promise where it must not begin before that resolves */
  admit(message: ReceivedMessage, life: Life): Promise<void> | undefined {
    const { suspicion, prefetch, isolated } = this.#options
    if (!suspicion.isSuspect(message)) {
      if (this.#stage === 'one by one' && prefetch > 1) this.#to('open')
      return undefined
    }
    // It is not handled now: a copy that knows how often it has come back takes its place.
    if (suspicion.uncounted(message) !== undefined) return undefined
    if (this.#stage === 'open') return this.#empty(message, life)
    if (this.#stage === 'one by one') isolated(message)
    return undefined
  }

  /** A delivery is no longer in hand. */
  ended(): void {
    if (this.#stage === 'one left' && this.#options.inHand.size === 0) this.#to('one by one')
  }

  /** From now on what has not begun is given back by others. */
  close(): void {
    this.#closed = true
  }

  async #empty(suspect: ReceivedMessage, { signal }: Life): Promise<void> {
    const { slots, inHand, changed, told, isolated } = this.#options
    this.#stage = 'emptying'
    await changed()
    // Only now: before the broker has stopped, it would deliver what comes back to this very consumer.
    if (!signal.aborted) slots.close()
    await unlessAborted(signal, inHand.whenAtMost(1))
      .then(told)
      .catch(() => undefined)
    if (!this.#closed) slots.open()
    if (signal.aborted) return
    isolated(suspect)
    this.#to('one left')
  }

  #to(stage: Stage): void {
    this.#stage = stage
    void this.#options.changed()
  }
}
