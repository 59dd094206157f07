import { type Connection, LeveretError, Producer, workQueue } from 'leveret'
import { z } from 'zod'

/** How long a recovery may take before it counts as missing. */
export const PATIENCE_MS = 120_000

const probes = workQueue('probes', { payload: z.object({ sentAt: z.number() }) })

/** A producer that reports when a message was confirmed, on a queue with every default. */
export class Probe {
  readonly #producer: Producer<typeof probes>

  private constructor(rabbit: Connection) {
    this.#producer = new Producer(rabbit, probes)
  }

  /** Declares the queue, by a first message. */
  static async on(rabbit: Connection): Promise<Probe> {
    const probe = new Probe(rabbit)
    await probe.send()
    return probe
  }

  async send(): Promise<void> {
    await this.#producer.send({ sentAt: Date.now() })
  }

  /** Sends until a message is confirmed. @returns the time of the confirm, or `Infinity` if it does not come in time */
  async confirmedAt(): Promise<number> {
    const deadline = performance.now() + PATIENCE_MS
    while (performance.now() < deadline) {
      try {
        await this.send()
        return performance.now()
      } catch (error) {
        if (!(error instanceof LeveretError && error.retryable)) throw error
      }
    }
    return Number.POSITIVE_INFINITY
  }
}
