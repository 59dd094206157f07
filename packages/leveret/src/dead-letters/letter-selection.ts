import { sleep, unlessAborted } from '../async/timing.js'
import type { DeadLetter } from './dead-letter.js'
import type { LetterSource } from './letter-source.js'
import { ROUND_MS } from './queue-pass.js'

/** Whether to choose a letter. */
export type Choice<Letter> = (letter: Letter) => boolean | Promise<boolean>

/** What to choose, how fast, and until when. */
export interface SelectionOptions<Letter> {
  readonly filter?: Choice<Letter> | undefined
  readonly includeUnknown?: boolean | undefined
  readonly limit?: number | undefined
  readonly ratePerSecond?: number | undefined
  /** Ends it early, as if there were no more. */
  readonly signal: AbortSignal
}

/** Chooses from a contract's dead letters. */
export class Selection<Letter extends DeadLetter> {
  readonly #queue: string
  readonly #options: SelectionOptions<Letter>
  /** What died after this was given up again while it goes on. */
  readonly #beganAt = new Date()
  #chosen = 0
  #nextAt = 0

  constructor({ name }: Pick<LetterSource, 'name'>, options: SelectionOptions<Letter>) {
    this.#queue = name
    this.#options = options
  }

  /** How many may be taken at once. None: it is over. */
  get room(): number {
    const { limit = Number.POSITIVE_INFINITY, ratePerSecond = Number.POSITIVE_INFINITY, signal } = this.#options
    if (signal.aborted) return 0
    // What waits for its turn is held.
    return Math.min(limit - this.#chosen, Math.max(Math.floor((ratePerSecond * ROUND_MS) / 1_000), 1))
  }

  /** Resolves when the next letter may be chosen, or when it is over. */
  async whenDue(): Promise<void> {
    await this.#unlessOver(async () => await this.#due())
  }

  /**
   * Resolves when a letter has been judged, and, if it is chosen, when its turn has come. Letters of other queues, and those that died
   * after the pass began, are not chosen, and its filter is not asked.
   *
   * @returns `undefined` when it is over
   */
  async choose(letter: Letter): Promise<boolean | undefined> {
    const { filter, includeUnknown = false } = this.#options
    if (letter.queue === undefined ? !includeUnknown : letter.queue !== this.#queue) return false
    // It would be taken again and again where another pass, or somebody else, takes letters too.
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
