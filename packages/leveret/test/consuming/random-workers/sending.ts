import { type Connection, connect, Producer, PublishError } from '../../../src/index.js'
import type { Outsider } from './outsider.js'
import type { Stage } from './stage.js'
import { taskOf } from './stage.js'

/** How many bursts the messages of a run are sent in. */
export const BURSTS = 5

/** Sends the messages of a run, on a wire that does not fail. */
export class Sending implements AsyncDisposable {
  readonly #stage: Stage
  readonly #ids: readonly string[]
  readonly #rabbit: Connection
  readonly #outsider: Outsider
  readonly #producer: Producer<Stage['contract']>
  #next = 0

  private constructor(stage: Stage, ids: readonly string[], rabbit: Connection, outsider: Outsider) {
    this.#stage = stage
    this.#ids = ids
    this.#rabbit = rabbit
    this.#outsider = outsider
    this.#producer = new Producer(rabbit, stage.contract)
  }

  static async open(stage: Stage, ids: readonly string[], outsider: Outsider): Promise<Sending> {
    return new Sending(stage, ids, await connect(stage.options.url), outsider)
  }

  /** Sends the messages up to those of a burst. Resolves when all are confirmed. @param burst - from 1 */
  async send(burst: number): Promise<void> {
    const end = Math.ceil((this.#ids.length * burst) / BURSTS)
    const sends: Promise<void>[] = []
    for (; this.#next < end; this.#next += 1) {
      const sent = this.#sendOne(this.#next)
      sends.push(sent)
      // A check that takes its time would let the next one go first.
      if (this.#stage.options.program.queue.checksLate) await sent
    }
    await Promise.all(sends)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rabbit.close()
  }

  async #sendOne(n: number): Promise<void> {
    const { program, account } = this.#stage.options
    const messageId = this.#ids[n] ?? ''
    const entry = account.entryOf(n)
    for (let copy = 0; copy < (program.twice.has(n) ? 2 : 1); copy += 1) {
      if (await this.#isStored(n, messageId)) entry.published += 1
    }
  }

  async #isStored(n: number, messageId: string): Promise<boolean> {
    const { program } = this.#stage.options
    if (program.invalid.has(n)) return await this.#outsider.sendInvalid(n, messageId)
    const priority = program.queue.maxPriority === undefined ? {} : { priority: n % 3 }
    try {
      await this.#producer.send(taskOf(n), { messageId, ...priority })
      return true
    } catch (error) {
      if (error instanceof PublishError) return false
      throw error
    }
  }
}
