import type { Channel } from '../../amqp/channel.js'
import { SlotMap } from '../../collections/dense-map.js'
import type { ReceivedMessage } from '../../message/message.js'
import { NumberRanges } from './number-ranges.js'

/**
 * Sends what settles the deliveries of one channel.
 *
 * Acks are gathered for one turn of the event loop. Those that no unsettled delivery interrupts go as one frame: fewer for the
 * wire, and a channel that closes right after them loses none. RabbitMQ lets some 32 commands of a channel at a quorum
 * queue be under way, keeps the others back, and forgets those when the channel closes.
 *
 * @see https://www.rabbitmq.com/docs/confirms#consumer-acks-multiple-parameter
 */
export class Acks {
  readonly #channel: Channel
  readonly #gathers: boolean
  /** Acknowledged by us, and not sent yet. */
  readonly #acked = new SlotMap<number, ReceivedMessage>()
  /** Settled before an older one was. */
  readonly #ahead = new NumberRanges()
  /** All tags below it are settled. */
  #oldest = 1
  #gatherMs = 0
  #held = false
  /** What is to be done when nothing is held any more. */
  readonly #waiting: (() => void)[] = []
  /** Calls off the flush that is due. */
  #callOff: (() => void) | undefined

  /** @param prefetch - where that is one, there is nothing to gather */
  constructor(channel: Channel, prefetch: number) {
    this.#channel = channel
    this.#gathers = prefetch > 1
  }

  /** Whether the broker has been told what became of a delivery. */
  hasSettled(tag: number): boolean {
    return tag < this.#oldest || this.#ahead.has(tag)
  }

  /** @returns `false` when the channel has ended: the delivery is the broker's again */
  ack(message: ReceivedMessage): boolean {
    if (!this.#channel.isOpen) return false
    this.#acked.set(message.fields.deliveryTag, message)
    if (!this.#gathers) this.flush()
    else if (!this.#held) this.#callOff ??= this.#flushSoon()
    return true
  }

  /** The same, without gathering. */
  ackNow(message: ReceivedMessage): boolean {
    const isNext = message.fields.deliveryTag === this.#oldest && this.#acked.size === 0 && !this.#held
    if (!isNext || !this.#channel.isOpen) {
      const isAcked = this.ack(message)
      this.flush()
      return isAcked
    }
    this.#channel.ack(message, 'one')
    this.#oldest = (this.#ahead.takeFirst(this.#oldest + 1) ?? this.#oldest) + 1
    return true
  }

  /** Settles a delivery otherwise. @param act - sends that. @returns `false` when the channel has ended */
  settle(message: ReceivedMessage, act: () => boolean): boolean {
    if (this.#held) {
      this.#waiting.push(() => this.settle(message, act))
      return this.#channel.isOpen
    }
    if (!act()) return false
    this.#ahead.add(message.fields.deliveryTag)
    return true
  }

  /** From now on sends unbroken runs only, one at a time: nothing more is delivered that would wait for the other acks. */
  gather(ms: number): void {
    this.#gatherMs = ms
  }

  /** Holds acks back, so the broker counts these deliveries as unacknowledged. */
  hold(): void {
    this.#held = true
    this.#callOff?.()
    this.#callOff = undefined
  }

  /** Resolves when nothing is held back. */
  async whenReleased(): Promise<void> {
    if (this.#held) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Sends what was held back. */
  release(): void {
    this.#held = false
    for (const settle of this.#waiting.splice(0)) settle()
    this.flush()
  }

  /** Sends all that was gathered. */
  flush(): void {
    if (this.#held) return
    this.#callOff?.()
    this.#callOff = undefined
    this.#sendRun()
    for (const [tag, message] of this.#acked) {
      this.#channel.ack(message, 'one')
      this.#ahead.add(tag)
    }
    this.#acked.clear()
  }

  /** The oldest ones, up to the first that is not settled, in one frame. The last of them must be among those unsent. */
  #sendRun(): void {
    let last: ReceivedMessage | undefined
    let count = 0
    for (;;) {
      const message = this.#acked.delete(this.#oldest)
      if (message !== undefined) {
        last = message
        count += 1
        this.#oldest += 1
      } else {
        const end = this.#ahead.takeFirst(this.#oldest)
        if (end === undefined) break
        this.#oldest = end + 1
      }
    }
    if (last !== undefined) this.#channel.ack(last, count === 1 ? 'one' : 'all up to it')
  }

  #flushSoon(): () => void {
    if (this.#gatherMs === 0) {
      const turn = setImmediate(() => this.flush())
      return () => clearImmediate(turn)
    }
    const timer = setTimeout(() => {
      this.#callOff = undefined
      this.#sendRun()
    }, this.#gatherMs)
    return () => clearTimeout(timer)
  }
}
