import { inRootContext } from '../async/root-context.js'
import { unlessAborted } from '../async/timing.js'
import type { Channel } from './channel.js'

const CLOSE_TIMEOUT_MS = 2_000
/** Work that takes longer holds nobody else up any more … */
const PATIENCE_MS = 1_000
/** … as long as there are fewer channels than this. */
const MOST_CHANNELS = 16

/** Something to be done on a channel. */
interface Job {
  readonly signal: AbortSignal
  /** Never rejects. @returns whether the channel can be used again */
  run(channel: Channel): Promise<boolean>
  fail(reason: unknown): void
}

/**
 * One channel for all on a lane that needs one for a moment: declarations and questions, which the broker may answer by closing it.
 *
 * What comes waits for its turn, so a thousand of them need one channel and not a thousand. There is none while there is nothing to do.
 */
export class SpareChannel {
  readonly #open: (signal: AbortSignal) => Promise<Channel>
  readonly #waiting: Job[] = []
  #workers = 0
  #begun = 0
  #impatience: NodeJS.Timeout | undefined

  constructor(open: (signal: AbortSignal) => Promise<Channel>) {
    this.#open = open
  }

  /**
   * @throws what `work` rejects with; then the channel is replaced
   * @throws why no channel could be opened; the signal's reason
   */
  async use<T>(signal: AbortSignal, work: (channel: Channel) => Promise<T>): Promise<T> {
    const done = new Promise<T>((resolve, reject) => {
      const run = (channel: Channel): Promise<boolean> =>
        work(channel).then(
          (result) => {
            resolve(result)
            return true
          },
          (error: unknown) => {
            reject(error)
            return false
          },
        )
      this.#waiting.push({ signal, run, fail: reject })
    })
    if (this.#workers === 0) inRootContext(() => this.#begin())
    else this.#impatience ??= inRootContext(() => this.#lookLater())
    return await unlessAborted(signal, done)
  }

  #begin(): void {
    this.#workers += 1
    void this.#work()
  }

  /** Never rejects. */
  async #work(): Promise<void> {
    let channel: Channel | undefined
    while (this.#waiting.length > 0 || channel !== undefined) {
      const job = this.#waiting.shift()
      if (job === undefined) {
        // Closed before another one is opened, so that there is never one more than needed.
        await channel?.close(CLOSE_TIMEOUT_MS)
        channel = undefined
      } else if (!job.signal.aborted) channel = await this.#do(job, channel)
    }
    this.#workers -= 1
  }

  /** @returns the channel, if it can be used again */
  async #do(job: Job, former: Channel | undefined): Promise<Channel | undefined> {
    this.#begun += 1
    let channel = former
    try {
      channel = channel?.isOpen === true ? channel : await this.#open(job.signal)
    } catch (error) {
      job.fail(error)
      // The others wait for the same, unless its own signal has ended this one's wait.
      if (!job.signal.aborted) for (const other of this.#waiting.splice(0)) other.fail(error)
      return undefined
    }
    if (await job.run(channel)) return channel
    await channel.close(CLOSE_TIMEOUT_MS)
    return undefined
  }

  /** Begins on one more channel when nothing is begun for a while although something waits. */
  #lookLater(): NodeJS.Timeout {
    const begun = this.#begun
    return setTimeout(() => {
      this.#impatience = undefined
      if (this.#waiting.length === 0) return
      if (this.#begun === begun && this.#workers < MOST_CHANNELS) this.#begin()
      this.#impatience ??= this.#lookLater()
    }, PATIENCE_MS)
  }
}
