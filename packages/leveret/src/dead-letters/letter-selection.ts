import { sleep, unlessAborted } from '../async/timing.js'
import type { DeadLetter } from './dead-letter.js'
import type { LetterSource } from './letter-source.js'
import { ROUND_MS } from './queue-pass.js'

/** Chooses letters among the dead letters of a contract, within a limit, a rate and a signal. */
export class Selection<Letter extends DeadLetter> {
  readonly #queue: string
  readonly #options: SelectionOptions<Letter>
  /** The start of the pass. A letter that died later was given up again during the pass. */
  readonly #beganAt = new Date()
  #chosen = 0
  #nextAt = 0

  constructor({ name }: Pick<LetterSource, 'name'>, options: SelectionOptions<Letter>) {
    this.#queue = name
    this.#options = options
  }

  /** How many letters may be taken at once. 0 means that the selection has ended. */
  get room(): number {
    const { limit = Number.POSITIVE_INFINITY, ratePerSecond = Number.POSITIVE_INFINITY, signal } = this.#options
    if (signal.aborted) return 0
    // Letters that wait for their turn are held, so a round takes no more than its rate allows.
    return Math.min(limit - this.#chosen, Math.max(Math.floor((ratePerSecond * ROUND_MS) / 1_000), 1))
  }

  /** Resolves when the next letter may be chosen, or when the selection has ended. */
  async whenDue(): Promise<void> {
    await this.#unlessOver(async () => await this.#due())
  }

  /**
   * Decides about a letter, and resolves when the turn of a chosen letter has come. Letters of other queues, and
   * letters that died after the pass began, are not chosen, and the filter is not called for them.
   *
   * @returns `undefined` when the selection has ended
   */
  async choose(letter: Letter): Promise<boolean | undefined> {
    const { filter, includeUnknown = false } = this.#options
    if (letter.queue === undefined ? !includeUnknown : letter.queue !== this.#queue) return false
    // Where another pass or another program moves letters as well, this pass would otherwise take the same letter again
    // and again.
    if (letter.deadLetteredAt !== undefined && letter.deadLetteredAt > this.#beganAt) return false
    const chosen = await this.#unlessOver(async () => {
      if (filter !== undefined && !(await filter(letter))) return false
      await this.#due()
      return true
    })
    if (chosen === true) this.#count()
    return chosen
  }

  #count(): void {
    const { ratePerSecond } = this.#options
    this.#chosen += 1
    if (ratePerSecond !== undefined) this.#nextAt = Math.max(this.#nextAt, performance.now()) + 1_000 / ratePerSecond
  }

  async #due(): Promise<void> {
    const ms = Math.ceil(this.#nextAt - performance.now())
    if (ms > 0) await sleep(ms, this.#options.signal)
  }

  /** @returns `undefined` when the signal aborted the operation */
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

/** Decides whether to choose a letter. */
export type Choice<Letter> = (letter: Letter) => boolean | Promise<boolean>

/** Options of {@link Selection}. */
export interface SelectionOptions<Letter> {
  readonly filter?: Choice<Letter> | undefined
  readonly includeUnknown?: boolean | undefined
  readonly limit?: number | undefined
  readonly ratePerSecond?: number | undefined
  /** Ends the selection early, as if there were no more letters. */
  readonly signal: AbortSignal
}
