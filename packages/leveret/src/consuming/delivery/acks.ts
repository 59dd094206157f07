import type { Channel } from '../../amqp/channel.js'
import { DenseMap } from '../../collections/dense-map.js'
import type { ReceivedMessage } from '../../message/message.js'
import { NumberRanges } from './number-ranges.js'

/**
 * Sends the commands that settle the deliveries of one channel.
 *
 * Acks are gathered for one turn of the event loop. Those that no unsettled delivery interrupts go as one
 * `basic.ack(multiple=true)`: that writes fewer frames, and loses no ack of a channel that closes right after. RabbitMQ
 * processes some 32 commands of a channel to a quorum queue at a time, buffers the others, and drops the buffered ones
 * when the channel closes.
 *
 * @see https://www.rabbitmq.com/docs/confirms#consumer-acks-multiple-parameter
 */
export class Acks {
  readonly #channel: Channel
  readonly #gathers: boolean
  /** Acknowledged by the worker, and not sent yet. */
  readonly #acked = new DenseMap<number, ReceivedMessage>()
  /** Tags above `#oldest` that are settled already. */
  readonly #ahead = new NumberRanges()
  /** The oldest tag that is not settled: all tags below it are. */
  #oldest = 1
  #gatherMs = 0
  #held = false
  /** Steps that wait until acks are no longer held. */
  readonly #waiting: (() => void)[] = []
  /** Cancels the flush that is scheduled. */
  #callOff: (() => void) | undefined

  /** @param prefetch - with a prefetch of 1 there is nothing to gather */
  constructor(channel: Channel, prefetch: number) {
    this.#channel = channel
    this.#gathers = prefetch > 1
  }

  /** Whether the broker knows the outcome of a delivery. */
  hasSettled(tag: number): boolean {
    return tag < this.#oldest || this.#ahead.has(tag)
  }

  /**
   * Sends `basic.ack`, gathered with others. @returns `false` when the channel has ended: the broker delivers the
   * message again
   */
  ack(message: ReceivedMessage): boolean {
    if (!this.#channel.isOpen) return false
    this.#acked.set(message.fields.deliveryTag, message)
    if (!this.#gathers) this.flush()
    else if (!this.#held) this.#callOff ??= this.#flushSoon()
    return true
  }

  /** Sends `basic.ack` like {@link ack}, without gathering. */
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

  /**
   * Settles a delivery with another command.
   * @param act - sends that command. @returns `false` when the channel has ended
   */
  settle(message: ReceivedMessage, act: () => boolean): boolean {
    if (this.#held) {
      this.#waiting.push(() => this.settle(message, act))
      return this.#channel.isOpen
    }
    if (!act()) return false
    this.#ahead.add(message.fields.deliveryTag)
    return true
  }

  /**
   * Waits `ms` before each send from here on, and then sends only the unbroken run. While closing, no new delivery
   * waits for the other acks.
   */
  gather(ms: number): void {
    this.#gatherMs = ms
  }

  /** Holds all commands back. The broker counts these deliveries as unacknowledged meanwhile. */
  hold(): void {
    this.#held = true
    this.#callOff?.()
    this.#callOff = undefined
  }

  /** Resolves when no ack is held back. */
  async whenReleased(): Promise<void> {
    if (this.#held) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Ends {@link hold}: sends all commands that waited. */
  release(): void {
    this.#held = false
    for (const settle of this.#waiting.splice(0)) settle()
    this.flush()
  }

  /** Sends all gathered acks. */
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

  /**
   * Sends one frame for the oldest deliveries up to the first that is not settled. The last of them must be among the
   * acks that have not been sent.
   */
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
