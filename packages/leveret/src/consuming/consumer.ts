import { randomUUID } from 'node:crypto'
import type { Channel } from '../connection/channel.js'
import type { Lane } from '../connection/lane.js'
import { LastingChannel } from '../connection/lasting-channel.js'
import type { ReceivedMessage } from '../connection/message.js'
import { ClosedError, ConnectionError, type LeveretError } from '../errors.js'
import { InHand } from '../in-hand.js'
import { atMost } from '../timing.js'
import { isRefusedForGood } from '../topology/declare.js'
import { Life } from './life.js'

/** How long handlers that were aborted by `close` may still take to notice. */
const ABORT_GRACE_MS = 1_000
const CANCEL_TIMEOUT_MS = 5_000
/** While closing, acks wait so long for others: no delivery waits for them any more. */
const CLOSING_GATHER_MS = 100
/** What is left for closing the channel when the time is up. */
const LAST_STEP_MS = 500

/** What a consumer is made of. */
export interface ConsumerOptions {
  readonly lane: Lane
  readonly queue: string
  /** Unsettled deliveries that the broker lets it hold. */
  readonly prefetch: number
  /** Deliveries worked on at once. */
  readonly concurrency: number
  /** Makes sure that the queue exists. Runs before every subscription. */
  declare(signal: AbortSignal): Promise<void>
  /** Works on one delivery until it is settled or its life has ended. */
  work(message: ReceivedMessage, life: Life): Promise<void>
  /** The broker cancelled the consumer: the queue was deleted, or its node was lost, or an ack took too long. */
  cancelled(): void
  attached(): void
  lost(reason: LeveretError): void
  failed(reason: LeveretError): void
}

interface Arrival {
  readonly message: ReceivedMessage
  readonly life: Life
}

/** Consumes one queue, on a channel of its own, for ever: however the subscription ends, a fresh one follows. */
export class Consumer {
  readonly #options: ConsumerOptions
  readonly #channel: LastingChannel
  readonly #inHand = new InHand()
  #life: Life | undefined
  #pending: Arrival[] = []
  #tag = ''
  #closing = false
  #cancelled = false
  #lastDeliveryAt: Date | undefined
  #onAttached: { resolve: () => void; reject: (reason: Error) => void } | undefined

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#channel = new LastingChannel({
      lane: options.lane,
      purpose: options.queue,
      kind: 'plain',
      setUp: (channel, signal) => this.#subscribe(channel, signal),
      opened: () => this.#attached(),
      lost: (reason) => this.#lost(reason),
      failed: (reason) => this.#failed(reason),
      isFinal: (reason) => this.#isFinal(reason),
    })
  }

  /** Deliveries being worked on. */
  get inFlight(): number {
    return this.#inHand.size
  }

  get isAttached(): boolean {
    return this.#channel.current?.isOpen === true
  }

  get lastDeliveryAt(): Date | undefined {
    return this.#lastDeliveryAt
  }

  /** Resolves when it is attached for the first time. Rejects when it is refused for good; tries on otherwise. */
  async start(): Promise<void> {
    const attached = new Promise<void>((resolve, reject) => {
      this.#onAttached = { resolve, reject }
    })
    void this.#channel.run()
    await attached
  }

  /** Takes no more, gives back what has not begun, waits for the rest, then closes. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    this.#closing = true
    // What was acknowledged so far goes out before the cancel, and is done when that is answered.
    this.#life?.flush()
    this.#life?.gather(CLOSING_GATHER_MS)
    this.#onAttached?.reject(
      new ClosedError(`The consumer of '${this.#options.queue}' was closed before it was attached`),
    )
    this.#channel.stop()
    const channel = this.#channel.current
    if (channel !== undefined) {
      await atMost(Math.min(timeoutMs, CANCEL_TIMEOUT_MS), channel.cancel(this.#tag))
    }
    // Only after cancel-ok: before it, the broker would deliver what comes back to this very consumer.
    for (const { message, life } of this.#pending.splice(0)) life.requeue(message)
    const patienceMs = Math.max(deadline - performance.now() - ABORT_GRACE_MS, 0)
    await atMost(patienceMs, this.#inHand.whenEmpty())
    const reason = new ClosedError(`The consumer of '${this.#options.queue}' is closing and its time is up`)
    this.#life?.end(reason)
    if (this.#inHand.size > 0) await atMost(ABORT_GRACE_MS, this.#inHand.whenEmpty())
    this.#life?.flush()
    await this.#channel.close(Math.max(deadline - performance.now(), LAST_STEP_MS))
  }

  async #subscribe(channel: Channel, signal: AbortSignal): Promise<void> {
    await this.#options.declare(signal)
    const life = new Life(channel)
    this.#life = life
    this.#tag = `leveret-${randomUUID()}`
    await channel.prefetch(this.#options.prefetch)
    await channel.consume(this.#options.queue, this.#tag, (message) => {
      if (message === undefined) this.#onServerCancel(channel)
      else this.#onDelivery({ message, life })
    })
  }

  #onDelivery(arrival: Arrival): void {
    this.#lastDeliveryAt = new Date()
    this.#pending.push(arrival)
    this.#startNext()
  }

  #startNext(): void {
    while (!this.#closing && this.#inHand.size < this.#options.concurrency) {
      const next = this.#pending.shift()
      if (next === undefined) return
      // What came on a channel that has died is the broker's again.
      if (!next.life.signal.aborted) void this.#work(next)
    }
  }

  async #work({ message, life }: Arrival): Promise<void> {
    this.#inHand.begin()
    await this.#options.work(message, life)
    this.#inHand.end()
    this.#startNext()
  }

  /** The channel is finished with the consumer: neither it nor its tag can be used again. */
  #onServerCancel(channel: Channel): void {
    if (this.#closing) return
    this.#cancelled = true
    const reason = new ConnectionError('cancelled', `The broker cancelled the consumer of '${this.#options.queue}'`)
    void channel.close(CANCEL_TIMEOUT_MS, reason)
  }

  #attached(): void {
    this.#options.attached()
    this.#onAttached?.resolve()
    this.#onAttached = undefined
  }

  #lost(reason: LeveretError): boolean {
    if (this.#cancelled) this.#options.cancelled()
    this.#cancelled = false
    if (!this.#closing) this.#options.lost(reason)
    return false
  }

  #failed(reason: LeveretError): void {
    this.#options.failed(reason)
    if (this.#isFinal(reason)) this.#onAttached?.reject(reason)
  }

  /** Rights may be given back to what once worked; a start that is refused is refused at once. */
  #isFinal(reason: LeveretError): boolean {
    return isRefusedForGood(reason) || (this.#onAttached !== undefined && !reason.retryable)
  }
}
