import { setMaxListeners } from 'node:events'
import { Bag, type Bagged } from '../bag.js'
import type { Channel } from '../connection/channel.js'
import type { ReceivedMessage } from '../connection/message.js'
import { SlotMap } from '../slot-map.js'

/** What is aborted with its life. */
export interface Abortable extends Bagged {
  abort(reason: Error): void
}

/**
 * One subscription: the channel that delivers, for as long as its deliveries count. They are settled here and nowhere else.
 *
 * Acks are gathered for one turn of the event loop. Those that no unsettled delivery interrupts go as one frame: fewer for the
 * wire, and a channel that closes right after them loses none. RabbitMQ lets some 32 commands of a channel at a quorum
 * queue be under way, keeps the others back, and forgets those when the channel closes.
 *
 * @see https://www.rabbitmq.com/docs/confirms#consumer-acks-multiple-parameter
 */
export class Life {
  readonly #channel: Channel
  readonly #end = new AbortController()
  readonly #isAlone: boolean
  readonly #running = new Bag<Abortable>()
  /** Acknowledged by us, and not sent yet. */
  readonly #acked = new SlotMap<number, ReceivedMessage>()
  /** Settled before an older one was. */
  readonly #ahead = new Set<number>()
  /** All tags below it are settled. */
  #oldest = 1
  #gatherMs = 0
  #held = false
  /** What is to be given back or rejected when nothing is held any more. */
  readonly #waiting: (() => void)[] = []
  /** Calls off the flush that is due. */
  #callOff: (() => void) | undefined

  /** @param prefetch - how many deliveries it may hold: where that is one, there is nothing to gather */
  constructor(channel: Channel, prefetch: number) {
    this.#channel = channel
    this.#isAlone = prefetch === 1
    setMaxListeners(0, this.signal)
    channel.signal.addEventListener('abort', () => this.end(channel.signal.reason), { once: true })
  }

  /** Aborted when its deliveries no longer count: the channel has died, or the time to close is up. */
  get signal(): AbortSignal {
    return this.#end.signal
  }

  end(reason: Error): void {
    if (this.signal.aborted) return
    this.#end.abort(reason)
    for (const delivery of this.#running) delivery.abort(reason)
  }

  /** Whether the broker has been told what became of a delivery. */
  hasSettled(tag: number): boolean {
    return tag < this.#oldest || this.#ahead.has(tag)
  }

  /** From now on it is aborted when this ends. */
  begin(delivery: Abortable): void {
    if (this.signal.aborted) delivery.abort(this.signal.reason)
    else this.#running.add(delivery)
  }

  /** It no longer is. */
  finish(delivery: Abortable): void {
    this.#running.delete(delivery)
  }

  /** @returns `false` when the channel has ended: the delivery is the broker's again */
  ack(message: ReceivedMessage): boolean {
    if (!this.#channel.isOpen) return false
    this.#acked.set(message.fields.deliveryTag, message)
    if (this.#isAlone) this.flush()
    else if (!this.#held) this.#callOff ??= this.#flushSoon()
    return true
  }

  /** Gives it back to its queue. @returns `false` when the channel has ended */
  requeue(message: ReceivedMessage): boolean {
    return this.#settle(message, () => this.#channel.requeue(message))
  }

  /** Gives it back as failed, for the broker to count and to hold back. @returns `false` when the channel has ended */
  requeueFailed(message: ReceivedMessage): boolean {
    return this.#settle(message, () => this.#channel.requeueFailed(message))
  }

  /** To the queue's own dead-letter exchange, or away when it has none. @returns `false` when the channel has ended */
  reject(message: ReceivedMessage): boolean {
    return this.#settle(message, () => this.#channel.reject(message))
  }

  /** From now on sends unbroken runs only, one at a time: nothing more is delivered that would wait for the other acks. */
  gather(ms: number): void {
    this.#gatherMs = ms
  }

  /** From now on the broker is not told what is settled: for it, what is in hand stays there. */
  hold(): void {
    this.#held = true
    this.#callOff?.()
    this.#callOff = undefined
  }

  /** It is told now. */
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
    for (; ; this.#oldest += 1) {
      const message = this.#acked.delete(this.#oldest)
      if (message !== undefined) {
        last = message
        count += 1
      } else if (!this.#ahead.delete(this.#oldest)) break
    }
    if (last !== undefined) this.#channel.ack(last, count === 1 ? 'one' : 'all up to it')
  }

  #settle(message: ReceivedMessage, act: () => boolean): boolean {
    if (this.#held) {
      this.#waiting.push(() => this.#settle(message, act))
      return this.#channel.isOpen
    }
    if (!act()) return false
    this.#ahead.add(message.fields.deliveryTag)
    return true
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
