import { type QueueName, queueNames } from './message.js'

/** A message that was confirmed or handled. */
interface Progress {
  readonly queue: QueueName
  readonly kind: 'confirmed' | 'done'
  readonly publishedAt: number
  readonly at: number
}

/**
 * A moment from which everything should work again. It does when, for each queue or for some of them, one message was
 * confirmed and one handled whose sending began after that moment.
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

  /** How long the recovery took; `undefined` if it has not come. */
  get recoveryMs(): number | undefined {
    return this.#recoveredAt === undefined ? undefined : this.#recoveredAt - this.at
  }

  /** Queues that have not recovered yet, with the missing step. */
  get waiting(): string[] {
    return [...this.#waiting]
  }

  /** Records a message that was confirmed or handled. */
  reach({ queue, kind, publishedAt, at }: Progress): void {
    if (this.#recoveredAt !== undefined || publishedAt < this.at) return
    if (this.#waiting.delete(`${queue} ${kind}`) && this.#waiting.size === 0) this.#recoveredAt = at
  }
}
