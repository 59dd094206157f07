import { inRootContext } from '../async/root-context.js'
import { unlessAborted } from '../async/timing.js'
import type { Channel } from './channel.js'

const CLOSE_TIMEOUT_MS = 2_000
/** Waiting jobs get one more channel if no job starts for this long … */
const PATIENCE_MS = 1_000
/** … as long as fewer channels than this are open. */
const MOST_CHANNELS = 16

/** A piece of work on a channel. */
interface Job {
  readonly signal: AbortSignal
  /** Runs the work and never rejects. @returns whether the channel can be used again */
  run(channel: Channel): Promise<boolean>
  fail(reason: unknown): void
}

/**
 * One channel shared by all code of a lane that needs a channel for a moment: declarations and checks, which the broker
 * may answer by closing the channel.
 *
 * Jobs wait for their turn, so a thousand jobs need one channel, not a thousand. Without a job the channel is closed.
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
   * Runs `work` on the channel when its turn comes.
   *
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

  /** Works through the waiting jobs, then closes the channel. Never rejects. */
  async #work(): Promise<void> {
    let channel: Channel | undefined
    while (this.#waiting.length > 0 || channel !== undefined) {
      const job = this.#waiting.shift()
      if (job === undefined) {
        // Closes this channel before another one opens, so that the count never exceeds the need.
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
      // The other jobs would fail in the same way, unless this job failed because its own signal was aborted.
      if (!job.signal.aborted) for (const other of this.#waiting.splice(0)) other.fail(error)
      return undefined
    }
    if (await job.run(channel)) return channel
    await channel.close(CLOSE_TIMEOUT_MS)
    return undefined
  }

  /** Opens one more channel if no waiting job starts for a while. */
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
