import type { ReceivedMessage } from '../connection/message.js'
import type { OutputOf, Schema } from '../contract/schema.js'
import type { WorkQueue } from '../contract/work-queue.js'
import { type DeadLetter, readDeadLetter } from './dead-letter.js'
import type { LetterProgress } from './letter-options.js'
import { Selection, type SelectionOptions } from './selection.js'
import type { Sweep } from './sweep.js'

/** How a transfer ended. */
export type Transferred = Pick<LetterProgress, 'done' | 'skipped'>

/** What becomes of a contract's dead letters in one pass. */
export interface TransferOptions<Payload> extends SelectionOptions<Payload> {
  /** Resolves when the letter may be taken away. */
  carryOut(message: ReceivedMessage, letter: DeadLetter<Payload>): Promise<unknown>
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
export async function transfer<S extends Schema>(
  sweep: Sweep,
  contract: WorkQueue<S>,
  options: TransferOptions<OutputOf<S>>,
): Promise<Transferred> {
  const pass = new Transfer(sweep, contract, options)
  await pass.run()
  return pass.transferred
}

class Transfer<S extends Schema> {
  readonly #sweep: Sweep
  readonly #contract: WorkQueue<S>
  readonly #options: TransferOptions<OutputOf<S>>
  readonly #selection: Selection<S>
  readonly #failed = new AbortController()
  #done = 0
  #skipped = 0

  constructor(sweep: Sweep, contract: WorkQueue<S>, options: TransferOptions<OutputOf<S>>) {
    this.#sweep = sweep
    this.#contract = contract
    this.#options = options
    const signal = AbortSignal.any([options.signal, sweep.signal, this.#failed.signal])
    const { ratePerSecond } = options.dryRun ? {} : options
    this.#selection = new Selection(contract, { ...options, ratePerSecond, signal })
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
        const letter = readDeadLetter(message, this.#contract)
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

  async #takeAway(message: ReceivedMessage, letter: DeadLetter<OutputOf<S>>): Promise<void> {
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
