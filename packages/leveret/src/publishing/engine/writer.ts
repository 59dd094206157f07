import type { Channel } from '../../amqp/channel.js'
import { partition } from '../../collections/partition.js'
import { diagnostics } from '../../connection/diagnostics.js'
import type { Lane } from '../../connection/lanes/lane.js'
import { publishDiagnostic } from '../../connection/message-diagnostics.js'
import { RecoveringChannel } from '../../connection/recovering-channel.js'
import { BrokerError } from '../../errors/broker-error.js'
import { isDenied } from '../../errors/broker-reply.js'
import { ConnectionError } from '../../errors/connection-error.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import { NACKED, notEncoded } from '../../errors/publish-failures.js'
import { Aside } from './aside.js'
import { ConfirmWindow } from './confirm-window.js'
import { describeRefusal, isCulprit, readLoss } from './loss.js'
import type { Publication } from './publication.js'
import { Turns } from './turns.js'
import type { WriterOptions } from './writer-options.js'

const CLOSE_TIMEOUT_MS = 2_000
/** A copy has no time limit. It counts as late after this time. */
const COPY_PATIENCE_MS = 5_000

/** Writes messages to the channel in their order, within the window, and settles them by the broker's answers. */
export class Writer {
  readonly #options: WriterOptions
  readonly #lane: Lane
  readonly #channel: RecoveringChannel
  readonly #waiting = new Turns<Publication>()
  readonly #aside = new Aside()
  readonly #window = new ConfirmWindow()
  /** While there are any, messages are sent one at a time, to find the one over which the broker closed the channel. */
  readonly #suspects = new Set<Publication>()
  /** Exchanges that have taken a message. If the broker denies them now, its metadata store may be down for a while. */
  readonly #known = new Set<string>()
  /** Whether a message is being encoded. A tracer of another library may send meanwhile. */
  #isWriting = false
  /** Reason why no channel could be opened, while more tries follow. */
  why: string | undefined

  constructor(options: WriterOptions) {
    this.#options = options
    const { publishLane } = options.internals
    this.#lane = publishLane
    this.#channel = new RecoveringChannel({
      lane: publishLane,
      purpose: 'publishing',
      kind: 'confirm',
      resends: true,
      hooks: {
        confirmed: this.#onConfirm,
        returned: (message) => this.#window.markReturned(message),
      },
      setUp: async () => undefined,
      opened: () => {
        this.why = undefined
        this.pump()
      },
      lost: (reason) => this.#onLost(reason),
      failed: ({ message }) => {
        this.why = message
      },
      isFinal: () => false,
    })
    publishLane.events.on('unblocked', () => this.pump())
  }

  /** Opens the channel, once. */
  start(): void {
    void this.#channel.run()
  }

  /** Whether one more message would be written at once: none waits, and the window, with its late ones, has room. */
  get isFree(): boolean {
    return this.why === undefined && this.#suspects.size === 0 && this.#waiting.size === 0 && this.#hasRoom
  }

  get #hasRoom(): boolean {
    const { maxInFlight, maxQueuedBytes } = this.#options.internals.settings
    const isCareful = this.#suspects.size > 0 || (this.#channel.isBack && this.#channel.awaitsFirstConfirm)
    const limit = isCareful ? 1 : maxInFlight
    return this.#window.size < limit && this.#window.bytes < maxQueuedBytes
  }

  push(publication: Publication): void {
    this.#waiting.push(publication.line, publication)
  }

  /** Writes a message at once, if none waits and the window has room. @returns `false` if it has to wait */
  writeNow(publication: Publication): boolean {
    const { current } = this.#channel
    if (current === undefined || this.#lane.state === 'blocked' || this.#waiting.size > 0) return false
    if (!this.#hasRoom || (publication.mayHaveTwin && this.#window.holds(publication.message.properties.messageId)))
      return false
    try {
      if (!this.#publish(current, publication)) return false
    } catch {
      // Its turn comes all the same, and then it fails with this error.
      return false
    }
    const { name } = this.#options.internals
    if (diagnostics.published.hasSubscribers) publishDiagnostic('published', name, publication.message)
    if (this.#waiting.size > 0) this.pump()
    return true
  }

  /** Forgets a suspect that has settled. */
  forget(publication: Publication): void {
    publication.isSuspect = false
    this.#suspects.delete(publication)
  }

  /** Drops messages that settled while they waited, except those whose id other messages wait for. */
  compact(): void {
    this.#waiting.retain(({ isSettled, message }) => !isSettled || this.#aside.has(message.properties.messageId))
    this.#aside.compact()
  }

  *[Symbol.iterator](): IterableIterator<Publication> {
    yield* this.#window
    yield* this.#waiting
    yield* this.#aside
  }

  /** Closes the channel for good. */
  async close(timeoutMs: number): Promise<void> {
    await this.#channel.close(timeoutMs)
  }

  /** Writes the messages that may be written now. */
  pump(): void {
    if (this.#waiting.size === 0 || this.#isWriting) return
    if (this.#channel.current === undefined || this.#lane.state === 'blocked') return
    for (;;) {
      const next = this.#waiting.peek()
      if (next === undefined) return
      if (!this.#hasRoom) {
        this.#replaceWhatAnswersNothing()
        return
      }
      if (!this.#take(next)) return
    }
  }

  /** @returns `false` if the channel has ended */
  #take(next: Publication): boolean {
    const { messageId } = next.message.properties
    if (next.isSettled) {
      this.#waiting.shift()
      if (this.#aside.size > 0) this.#recall(next)
    } else if (next.mayHaveTwin && this.#window.holds(messageId)) {
      this.#waiting.shift()
      this.#aside.add(next)
    } else return this.#write(next)
    return true
  }

  #write(next: Publication): boolean {
    const { current } = this.#channel
    try {
      if (current === undefined || !this.#publish(current, next)) return false
    } catch (cause) {
      this.#waiting.shift()
      next.giveUp(notEncoded(cause), { cause, retryable: false })
      return true
    }
    this.#waiting.shift()
    if (!next.isSettled) this.#options.leftQueue(next)
    // Last, because a listener may send in turn.
    publishDiagnostic(next.handedOver > 1 ? 'resent' : 'published', this.#options.internals.name, next.message)
    return true
  }

  /** @returns `false` if the channel has ended @throws if the message cannot be encoded; then nothing was sent */
  #publish(channel: Channel, publication: Publication): boolean {
    if (this.#isWriting) return false
    this.#isWriting = true
    try {
      const { context, message } = publication
      const tag =
        context === undefined ? channel.publish(message) : context.runInAsyncScope(() => channel.publish(message))
      if (tag === undefined) return false
      publication.handOver()
      this.#window.add(tag, publication)
      return true
    } finally {
      this.#isWriting = false
    }
  }

  /** Replaces a channel whose whole window is late, perhaps because a queue has no leader. Others must not wait. */
  #replaceWhatAnswersNothing(): void {
    if (!this.#window.isLate(performance.now() - COPY_PATIENCE_MS)) return
    const reason = new ConnectionError('timeout', 'No message on the channel was confirmed in time')
    void this.#channel.current?.close(CLOSE_TIMEOUT_MS, reason)
  }

  readonly #onConfirm = (tag: number, multiple: boolean, accepted: boolean): void => {
    // A queue whose leader has just died may nack the first message on a fresh channel. It is sent again, once.
    if (!accepted && this.#channel.giveUpFirst()) return
    const taken = multiple ? this.#window.takeUpTo(tag) : [this.#window.take(tag)]
    for (const publication of taken) {
      if (publication === undefined) continue
      if (this.#aside.size > 0) this.#recall(publication)
      if (publication.isSettled) continue
      if (accepted) this.#known.add(publication.message.exchange)
      if (!accepted) publication.fail('refused', NACKED)
      else if (publication.returnedBecause === undefined) publication.succeed()
      else {
        this.#options.returned(publication)
        publication.endReturned(publication.returnedBecause)
      }
    }
    if (this.#waiting.size > 0) this.pump()
  }

  /** Lets the first message go that waited for the id of this one. */
  #recall(publication: Publication): void {
    const next = this.#aside.after(publication)
    if (next !== undefined) this.#waiting.unshift(next.line, next)
  }

  /** @returns whether the cause of the loss is gone */
  #onLost(reason: LeveretError): boolean {
    const inFlight = this.#window.drain()
    const messages = inFlight.map(({ message }) => message)
    const loss = readLoss(reason, messages)
    const open = inFlight.filter(({ isSettled }) => !isSettled)
    const alone = inFlight.length === 1
    const [culprits, again] = partition(open, ({ message, isSuspect }) =>
      isCulprit(loss, message, { alone, suspected: isSuspect }),
    )
    // A suspect in a loss without a culprit closed nothing: it only waited for its answer.
    if (loss.kind === 'innocent') for (const publication of inFlight) this.forget(publication)
    if (loss.kind === 'suspect') for (const publication of again) this.#suspects.add(publication.suspected())
    this.#options.interrupted(again, [...this.#aside.drain(), ...this.#waiting.drain()])
    const mayPass =
      loss.kind === 'named' && loss.routingKey === undefined && reason instanceof BrokerError && isDenied(reason)
    const [denied, refused] = partition(culprits, (culprit) => mayPass && this.#wasTakenBefore(culprit))
    if (denied.length > 0) this.#options.denied(denied, reason)
    for (const culprit of refused) culprit.fail('refused', describeRefusal(reason), { cause: reason, retryable: false })
    return culprits.length > 0 || this.#suspects.size > 0
  }

  /** Whether its exchange took messages before. Without a time limit it might be denied without end. */
  #wasTakenBefore({ message, deadline }: Publication): boolean {
    return this.#known.has(message.exchange) && deadline !== Number.POSITIVE_INFINITY
  }
}
