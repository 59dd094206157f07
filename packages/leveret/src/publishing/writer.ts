import { partition } from '../collections/partition.js'
import type { ConnectionInternals } from '../connection/connection.js'
import { publishDiagnostic } from '../connection/message-diagnostics.js'
import { RecoveringChannel } from '../connection/recovering-channel.js'
import { BrokerError } from '../errors/broker-error.js'
import { isDenied } from '../errors/broker-reply.js'
import { ConnectionError } from '../errors/connection-error.js'
import type { LeveretError } from '../errors/leveret-error.js'
import { NACKED, notEncoded } from '../errors/publish-failures.js'
import { Aside } from './aside.js'
import { ConfirmWindow } from './confirm-window.js'
import { describeRefusal, isCulprit, readLoss } from './loss.js'
import type { Publication } from './publication.js'
import { Turns } from './turns.js'

const CLOSE_TIMEOUT_MS = 2_000
/** A copy has no time limit. It counts as late after this time. */
const COPY_PATIENCE_MS = 5_000

/** Writes messages to the channel in their order, within the window, and settles them by the broker's answers. */
export class Writer {
  readonly #options: WriterOptions
  readonly #channel: RecoveringChannel
  readonly #waiting = new Turns<Publication>()
  readonly #aside = new Aside()
  readonly #window = new ConfirmWindow()
  readonly #suspects = new Set<Publication>()
  /** Exchanges that have taken a message. If the broker denies them now, its metadata store may be down for a while. */
  readonly #known = new Set<string>()
  #why: string | undefined

  constructor(options: WriterOptions) {
    this.#options = options
    const { publishLane } = options.internals
    this.#channel = new RecoveringChannel({
      lane: publishLane,
      purpose: 'publishing',
      kind: 'confirm',
      resends: true,
      hooks: {
        confirmed: (tag, multiple, accepted) => this.#onConfirm(tag, multiple, accepted),
        returned: (message) => this.#window.markReturned(message),
      },
      setUp: async () => undefined,
      opened: () => {
        this.#why = undefined
        this.pump()
      },
      lost: (reason) => this.#onLost(reason),
      failed: ({ message }) => {
        this.#why = message
      },
      isFinal: () => false,
    })
    publishLane.events.on('unblocked', () => this.pump())
  }

  /** Opens the channel, once. */
  start(): void {
    void this.#channel.run()
  }

  /** Reason why no channel could be opened, while more tries follow. */
  get why(): string | undefined {
    return this.#why
  }

  /** Whether messages are sent one at a time, to find the one over which the broker closed the channel. */
  get isSuspicious(): boolean {
    return this.#suspects.size > 0
  }

  /** Whether one more message would be written at once: none waits, and the window, with its late ones, has room. */
  get isFree(): boolean {
    return this.why === undefined && !this.isSuspicious && this.#waiting.peek() === undefined && this.#hasRoom
  }

  get #hasRoom(): boolean {
    const { maxInFlight, maxQueuedBytes } = this.#options.internals.settings
    const limit = this.isSuspicious || this.#channel.awaitsFirstConfirm ? 1 : maxInFlight
    return this.#window.size < limit && this.#window.bytes < maxQueuedBytes
  }

  push(publication: Publication): void {
    this.#waiting.push(publication.line, publication)
  }

  /** Forgets a publication that has settled. */
  forget(publication: Publication): void {
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
    const { publishLane } = this.#options.internals
    if (this.#channel.current === undefined || publishLane.state === 'blocked') return
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

  /** @returns `false` if the channel has ended. Callbacks come last, because they may send in turn */
  #take(next: Publication): boolean {
    const { messageId } = next.message.properties
    if (next.isSettled) {
      this.#waiting.shift()
      this.#recall(next)
    } else if (next.mayHaveTwin && this.#window.holds(messageId)) {
      this.#waiting.shift()
      this.#aside.add(next)
    } else return this.#write(next)
    return true
  }

  #write(next: Publication): boolean {
    const { current } = this.#channel
    const { context, message } = next
    let tag: number | undefined
    try {
      tag = context === undefined ? current?.publish(message) : context.runInAsyncScope(() => current?.publish(message))
    } catch (cause) {
      this.#waiting.shift()
      next.giveUp(notEncoded(cause), { cause, retryable: false })
      return true
    }
    if (tag === undefined) return false
    this.#waiting.shift()
    this.#options.handedOver(next)
    next.handOver()
    this.#window.add(tag, next)
    publishDiagnostic(next.handedOver > 1 ? 'resent' : 'published', this.#options.internals.name, message)
    return true
  }

  /** Replaces a channel whose whole window is late, perhaps because a queue has no leader. Others must not wait. */
  #replaceWhatAnswersNothing(): void {
    const lateAt = performance.now() - COPY_PATIENCE_MS
    for (const { isSettled, deadline, handedOverAt } of this.#window) {
      if (!isSettled && (deadline !== Number.POSITIVE_INFINITY || handedOverAt > lateAt)) return
    }
    const reason = new ConnectionError('timeout', 'No message on the channel was confirmed in time')
    void this.#channel.current?.close(CLOSE_TIMEOUT_MS, reason)
  }

  #onConfirm(tag: number, multiple: boolean, accepted: boolean): void {
    // A queue whose leader has just died may nack the first message on a fresh channel. It is sent again, once.
    if (!accepted && this.#channel.giveUpFirst()) return
    for (const publication of this.#window.take(tag, multiple)) {
      this.#recall(publication)
      if (publication.isSettled) continue
      if (!accepted) publication.fail('refused', NACKED)
      else this.#onAccepted(publication)
    }
    this.pump()
  }

  #onAccepted(publication: Publication): void {
    this.#known.add(publication.message.exchange)
    if (publication.returnedBecause === undefined) publication.succeed()
    else this.#onReturned(publication, publication.returnedBecause)
  }

  #onReturned(publication: Publication, why: string): void {
    const { whenReturned, handedOver, denials } = publication
    const isSure = handedOver - denials === 1
    if (whenReturned !== undefined) {
      whenReturned(isSure)
      publication.succeed()
      return
    }
    this.#options.returned(publication)
    if (isSure) publication.fail('returned', why)
    else
      publication.fail('unknown', `it was returned when it was sent again: ${why}. The copy sent before may be stored`)
  }

  /** Lets the first message go that waited for the id of this one. */
  #recall(publication: Publication): void {
    const next = this.#aside.after(publication)
    if (next !== undefined) this.#waiting.unshift(next.line, next)
  }

  /** @returns whether the cause of the loss is gone */
  #onLost(reason: LeveretError): boolean {
    const inFlight = this.#window.drain()
    const loss = readLoss(
      reason,
      inFlight.map(({ message }) => message),
    )
    const open = inFlight.filter(({ isSettled }) => !isSettled)
    const [culprits, again] = partition(open, (publication) =>
      isCulprit(loss, publication.message, {
        alone: inFlight.length === 1,
        suspected: this.#suspects.has(publication),
      }),
    )
    // A suspect in a loss without a culprit closed nothing: it only waited for its answer.
    if (loss.kind === 'innocent') for (const publication of inFlight) this.#suspects.delete(publication)
    if (loss.kind === 'suspect') for (const publication of again) this.#suspects.add(publication)
    this.#options.interrupted(again, [...this.#aside.drain(), ...this.#waiting.drain()])
    const mayPass =
      loss.kind === 'named' && loss.routingKey === undefined && reason instanceof BrokerError && isDenied(reason)
    const [denied, refused] = partition(culprits, (culprit) => mayPass && this.#wasTakenBefore(culprit))
    if (denied.length > 0) this.#options.denied(denied, reason)
    const why = describeRefusal(reason)
    for (const culprit of refused) culprit.fail('refused', why, { cause: reason, retryable: false })
    return culprits.length > 0 || this.isSuspicious
  }

  /** Whether its exchange took messages before. Without a time limit it might be denied without end. */
  #wasTakenBefore({ message, deadline }: Publication): boolean {
    return this.#known.has(message.exchange) && deadline !== Number.POSITIVE_INFINITY
  }
}

/** Options of {@link Writer}, with its callbacks to the publish engine. */
export interface WriterOptions {
  readonly internals: ConnectionInternals
  /** Called when a message no longer waits, because it was written. */
  handedOver(publication: Publication): void
  /** Called when no queue took a message, so that its topology may be gone. */
  returned(publication: Publication): void
  /** Called when the broker denied messages of an exchange that it took before. It may deny them again. */
  denied(publications: readonly Publication[], reason: LeveretError): void
  /** Called when the channel has ended, and declarations may be gone. Both lists are in order. */
  interrupted(inFlight: readonly Publication[], waiting: readonly Publication[]): void
}
