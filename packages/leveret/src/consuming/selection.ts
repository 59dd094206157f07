import type { ReceivedMessage } from '../connection/message.js'
import type { PayloadContract } from '../contract/payload.js'
import type { OutputOf, Schema } from '../contract/schema.js'
import { sleep, unlessAborted } from '../timing.js'
import { type DeadLetter, readDeadLetter } from './dead-letter.js'
import type { Sweep } from './sweep.js'

/** From this delivery count on a letter is stored anew instead of being given back. RabbitMQ 4 drops it at 20. */
const WORN_AT = 10

/** Which dead letters to choose. It may ask their payload; what it throws ends the pass. */
export type LetterFilter<Payload> = (letter: DeadLetter<Payload>) => boolean | Promise<boolean>

/** What to choose, how fast, and until when. */
export interface SelectionOptions<Payload> {
  readonly filter?: LetterFilter<Payload> | undefined
  readonly limit?: number | undefined
  readonly ratePerSecond?: number | undefined
  /** Ends it early, as if there were no more. */
  readonly signal: AbortSignal
}

/** A dead letter that something is to be done about: it was chosen, or it was not and cannot simply be given back. */
export interface Selected<Payload> {
  readonly message: ReceivedMessage
  readonly letter: DeadLetter<Payload>
  readonly chosen: boolean
}

/**
 * Whether giving a message back once more would bring it near the limit at which RabbitMQ 4 drops it. A count that is the
 * limit of another queue looks the same, and costs no more than a copy.
 */
export function isWorn({ deliveryCount = 0 }: Pick<DeadLetter, 'deliveryCount'>): boolean {
  return deliveryCount >= WORN_AT
}

/** Goes through a sweep once and yields what is chosen, in order. */
export class Selection<S extends Schema> implements AsyncIterable<Selected<OutputOf<S>>> {
  readonly #sweep: Sweep
  readonly #contract: PayloadContract<S>
  readonly #options: SelectionOptions<OutputOf<S>>
  #skipped = 0
  #nextAt = 0

  constructor(sweep: Sweep, contract: PayloadContract<S>, options: SelectionOptions<OutputOf<S>>) {
    this.#sweep = sweep
    this.#contract = contract
    this.#options = options
  }

  /** How many the filter has refused. */
  get skipped(): number {
    return this.#skipped
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Selected<OutputOf<S>>> {
    const { limit = Number.POSITIVE_INFINITY, signal } = this.#options
    let taken = 0
    while (taken < limit && !signal.aborted) {
      const message = await this.#sweep.next()
      if (message === undefined) return
      const letter = readDeadLetter(message, this.#contract)
      const chosen = await this.#unlessOver(async () => await this.#choose(letter))
      if (chosen === undefined) return
      if (chosen) taken += 1
      else this.#skipped += 1
      if (chosen || isWorn(letter)) yield { message, letter, chosen }
    }
  }

  /** What is chosen also waits for its turn. */
  async #choose(letter: DeadLetter<OutputOf<S>>): Promise<boolean> {
    const { filter, ratePerSecond, signal } = this.#options
    if (filter !== undefined && !(await filter(letter))) return false
    if (ratePerSecond === undefined) return true
    const now = performance.now()
    await sleep(Math.max(Math.ceil(this.#nextAt - now), 0), signal)
    this.#nextAt = Math.max(this.#nextAt, now) + 1_000 / ratePerSecond
    return true
  }

  /** @returns `undefined` when the signal ended it */
  async #unlessOver<T>(act: () => Promise<T>): Promise<T | undefined> {
    const { signal } = this.#options
    try {
      return await unlessAborted(signal, act())
    } catch (error) {
      if (signal.aborted) return undefined
      throw error
    }
  }
}
