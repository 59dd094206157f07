import { type QueueName, queueNames } from './message.js'

/** Something that came through. */
interface Progress {
  readonly queue: QueueName
  readonly kind: 'confirmed' | 'done'
  readonly publishedAt: number
  readonly at: number
}

/**
 * A moment from which all should be well again. It is, when of each queue, or of some of them, a message was confirmed, and one handled, whose
 * sending began after it.
 */
export class Mark {
  readonly fault: string
  readonly at: number
  #recoveredAt: number | undefined
  readonly #waiting: Set<string>

  constructor(fault: string, at: number, queues: readonly QueueName[] = queueNames) {
    this.fault = fault
    this.at = at
    this.#waiting = new Set(queues.flatMap((queue) => [`${queue} confirmed`, `${queue} done`]))
  }

  /** How long that took; `undefined` when it never came. */
  get recoveryMs(): number | undefined {
    return this.#recoveredAt === undefined ? undefined : this.#recoveredAt - this.at
  }

  /** What has not come through yet. */
  get waiting(): string[] {
    return [...this.#waiting]
  }

  /** Takes notice of a message that came through. */
  reach({ queue, kind, publishedAt, at }: Progress): void {
    if (this.#recoveredAt !== undefined || publishedAt < this.at) return
    if (this.#waiting.delete(`${queue} ${kind}`) && this.#waiting.size === 0) this.#recoveredAt = at
  }
}
