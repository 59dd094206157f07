import type { ReceivedMessage } from '../message/message.js'
import { type DeadLetter, readDeadLetter } from './dead-letter.js'
import type { LetterProgress } from './letter-options.js'
import { Selection, type SelectionOptions } from './letter-selection.js'
import type { LetterSource } from './letter-source.js'
import type { QueuePass } from './queue-pass.js'

/** The counts of a finished transfer. */
export type Transferred = Pick<LetterProgress, 'done' | 'skipped'>

/** Options of {@link transfer}. */
export interface TransferOptions<Letter> extends SelectionOptions<Letter> {
  /** Processes a chosen letter. Resolves when the letter may be acknowledged. */
  carryOut(message: ReceivedMessage, letter: Letter): Promise<unknown>
  /** Whether chosen letters stay in the queue too. */
  readonly dryRun?: boolean | undefined
  readonly onProgress?: ((progress: LetterProgress) => void) | undefined
}

/**
 * Runs a pass, round after round. Chosen letters are carried out and then acknowledged. All others are put behind the
 * letters that the pass has not read yet, so no letter is held from one round to the next.
 *
 * @throws the error of the filter or of {@link TransferOptions.onProgress}, or the reason why a letter could not be
 *   carried out or put behind; after everything that was begun has ended
 */
export async function transfer<Letter extends DeadLetter>(
  pass: QueuePass,
  source: LetterSource,
  options: TransferOptions<Letter>,
): Promise<Transferred> {
  const running = new Transfer(pass, source, options)
  await running.run()
  return running.transferred
}

class Transfer<Letter extends DeadLetter> {
  readonly #pass: QueuePass
  readonly #source: LetterSource
  readonly #options: TransferOptions<Letter>
  readonly #selection: Selection<Letter>
  readonly #failed = new AbortController()
  #done = 0
  #skipped = 0

  constructor(pass: QueuePass, source: LetterSource, options: TransferOptions<Letter>) {
    this.#pass = pass
    this.#source = source
    this.#options = options
    const signal = AbortSignal.any([options.signal, pass.signal, this.#failed.signal])
    const { ratePerSecond } = options.dryRun ? {} : options
    this.#selection = new Selection(source, { ...options, ratePerSecond, signal })
  }

  get transferred(): Transferred {
    return { done: this.#done, skipped: this.#skipped }
  }

  async run(): Promise<void> {
    while (this.#pass.left > 0) {
      await this.#selection.whenDue()
      const room = this.#selection.room
      if (room === 0) return
      try {
        await this.#round(room)
      } finally {
        // A round that fails has carried out what came before.
        this.#options.onProgress?.({ ...this.transferred, left: this.#pass.left })
      }
    }
  }

  async #round(most: number): Promise<void> {
    const settling: Promise<void>[] = []
    try {
      for await (const message of this.#pass.round(most)) {
        const letter = readDeadLetter(message, this.#source) as Letter
        const chosen = await this.#selection.choose(letter)
        if (chosen === undefined) break
        settling.push(chosen ? this.#takeAway(message, letter) : this.#skip(message))
      }
    } finally {
      await Promise.all(settling)
      await this.#pass.flush()
    }
    if (this.#failed.signal.aborted) throw this.#failed.signal.reason
  }

  async #takeAway(message: ReceivedMessage, letter: Letter): Promise<void> {
    const { dryRun, carryOut } = this.#options
    await this.#orFail(async () => {
      if (dryRun) await this.#pass.putBehind(message)
      else {
        await carryOut(message, letter)
        this.#pass.ack(message)
      }
      this.#done += 1
    })
  }

  async #skip(message: ReceivedMessage): Promise<void> {
    await this.#orFail(async () => {
      await this.#pass.putBehind(message)
      this.#skipped += 1
    })
  }

  /**
   * Runs a step and never rejects. The first failure ends the pass, after the other steps that were begun have ended.
   */
  async #orFail(act: () => Promise<void>): Promise<void> {
    await act().catch((error: unknown) => this.#failed.abort(error))
  }
}
