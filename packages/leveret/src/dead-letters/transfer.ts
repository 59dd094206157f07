import type { ReceivedMessage } from '../message/message.js'
import { type DeadLetter, readDeadLetter } from './dead-letter.js'
import type { LetterProgress } from './letter-options.js'
import { Selection, type SelectionOptions } from './letter-selection.js'
import type { LetterSource } from './letter-source.js'
import type { Sweep } from './queue-pass.js'

/** How a transfer ended. */
export type Transferred = Pick<LetterProgress, 'done' | 'skipped'>

/** What becomes of a contract's dead letters in one pass. */
export interface TransferOptions<Letter> extends SelectionOptions<Letter> {
  /** Resolves when the letter may be taken away. */
  carryOut(message: ReceivedMessage, letter: Letter): Promise<unknown>
  /** What is chosen stays too. */
  readonly dryRun?: boolean | undefined
  readonly onProgress?: ((progress: LetterProgress) => void) | undefined
}

/**
 * Goes through a sweep, round after round: what is chosen is carried out and then acknowledged, and all else is put behind the
 * letters that were not looked at. So nothing is held from one round to the next.
 *
 * @throws what the filter or {@link TransferOptions.onProgress} throws, or why a letter could not be carried out or put behind,
 *   when all that was begun has ended
 */
export async function transfer<Letter extends DeadLetter>(
  sweep: Sweep,
  source: LetterSource,
  options: TransferOptions<Letter>,
): Promise<Transferred> {
  const pass = new Transfer(sweep, source, options)
  await pass.run()
  return pass.transferred
}

class Transfer<Letter extends DeadLetter> {
  readonly #sweep: Sweep
  readonly #source: LetterSource
  readonly #options: TransferOptions<Letter>
  readonly #selection: Selection<Letter>
  readonly #failed = new AbortController()
  #done = 0
  #skipped = 0

  constructor(sweep: Sweep, source: LetterSource, options: TransferOptions<Letter>) {
    this.#sweep = sweep
    this.#source = source
    this.#options = options
    const signal = AbortSignal.any([options.signal, sweep.signal, this.#failed.signal])
    const { ratePerSecond } = options.dryRun ? {} : options
    this.#selection = new Selection(source, { ...options, ratePerSecond, signal })
  }

  get transferred(): Transferred {
    return { done: this.#done, skipped: this.#skipped }
  }

  async run(): Promise<void> {
    while (this.#sweep.left > 0) {
      await this.#selection.whenDue()
      const room = this.#selection.room
      if (room === 0) return
      await this.#round(room)
      this.#options.onProgress?.({ ...this.transferred, left: this.#sweep.left })
    }
  }

  async #round(most: number): Promise<void> {
    const settling: Promise<void>[] = []
    try {
      for await (const message of this.#sweep.round(most)) {
        const letter = readDeadLetter(message, this.#source) as Letter
        const chosen = await this.#selection.choose(letter)
        if (chosen === undefined) break
        settling.push(chosen ? this.#takeAway(message, letter) : this.#skip(message))
      }
    } finally {
      await Promise.all(settling)
      await this.#sweep.flush()
    }
    if (this.#failed.signal.aborted) throw this.#failed.signal.reason
  }

  async #takeAway(message: ReceivedMessage, letter: Letter): Promise<void> {
    const { dryRun, carryOut } = this.#options
    await this.#orFail(async () => {
      if (dryRun) await this.#sweep.putBehind(message)
      else {
        await carryOut(message, letter)
        this.#sweep.ack(message)
      }
      this.#done += 1
    })
  }

  async #skip(message: ReceivedMessage): Promise<void> {
    await this.#orFail(async () => {
      await this.#sweep.putBehind(message)
      this.#skipped += 1
    })
  }

  /** Never rejects: the first failure ends the pass, when what else was begun has ended. */
  async #orFail(act: () => Promise<void>): Promise<void> {
    await act().catch((error: unknown) => this.#failed.abort(error))
  }
}
