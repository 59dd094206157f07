import { partition } from '../collections/partition.js'
import type { ConnectionInternals } from '../connection/connection.js'
import { tell } from '../connection/message-diagnostics.js'
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
const COPY_PATIENCE_MS = 5_000

/** Puts messages on the wire in their order, within the window, and settles them by the broker's answers. */
export class Writer {
  readonly #options: WriterOptions
  readonly #channel: RecoveringChannel
  readonly #waiting = new Turns<Publication>()
  readonly #aside = new Aside()
  readonly #window = new ConfirmWindow()
  readonly #suspects = new Set<Publication>()
  /** Exchanges that have taken a message: a broker that denies them now may have lost sight of them for a while. */
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

  /** Why no channel could be opened, while that is tried again. */
  get why(): string | undefined {
    return this.#why
  }

  /** Whether messages are sent one at a time, until the one shows that the broker closed the channel over. */
  get isSuspicious(): boolean {
    return this.#suspects.size > 0
  }

  /** Whether one more would be written at once: nothing waits, and the window has room, also for what is late there. */
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

  /** Call when it has settled. */
  forget(publication: Publication): void {
    this.#suspects.delete(publication)
  }

  /** Drops what has settled while it waited, but not what may be the one that others of its id wait for. */
  compact(): void {
    this.#waiting.retain(({ isSettled, message }) => !isSettled || this.#aside.has(message.properties.messageId))
    this.#aside.compact()
  }

  *[Symbol.iterator](): IterableIterator<Publication> {
    yield* this.#window
    yield* this.#waiting
    yield* this.#aside
  }

  /** Ends it for good. */
  async close(timeoutMs: number): Promise<void> {
    await this.#channel.close(timeoutMs)
  }

  /** Writes what may be written now. */
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

  /** @returns `false` when the channel has ended. Whoever is told of something is told last, because he may send in turn */
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
    tell(next.handedOver > 1 ? 'resent' : 'published', this.#options.internals.name, message)
    return true
  }

  /** Everything in the window is late: a queue without a leader, perhaps. Others are not to wait for it, nor for a copy, which has no time limit. */
  #replaceWhatAnswersNothing(): void {
    const lateAt = performance.now() - COPY_PATIENCE_MS
    for (const { isSettled, deadline, handedOverAt } of this.#window) {
      if (!isSettled && (deadline !== Number.POSITIVE_INFINITY || handedOverAt > lateAt)) return
    }
    const reason = new ConnectionError('timeout', 'Nothing on the channel was confirmed in time')
    void this.#channel.current?.close(CLOSE_TIMEOUT_MS, reason)
  }

  #onConfirm(tag: number, multiple: boolean, accepted: boolean): void {
    // What a fresh channel brings first, a queue may refuse whose leader has just died. It is sent again, once.
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

  /** The first that waited for this one's id may go. */
  #recall(publication: Publication): void {
    const next = this.#aside.after(publication)
    if (next !== undefined) this.#waiting.unshift(next.line, next)
  }

  /** @returns whether the cause went with it */
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
    // Who was alone, and had no answer for long, has closed nothing.
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

  /** What has no time limit is told at once all the same: it would be denied for ever. */
  #wasTakenBefore({ message, deadline }: Publication): boolean {
    return this.#known.has(message.exchange) && deadline !== Number.POSITIVE_INFINITY
  }
}

/** What a writer tells the outbox. */
export interface WriterOptions {
  readonly internals: ConnectionInternals
  /** It no longer waits. */
  handedOver(publication: Publication): void
  /** No queue took it: what it needs may be gone. */
  returned(publication: Publication): void
  /** The broker denied what it had let pass before, and may do so again. */
  denied(publications: readonly Publication[], reason: LeveretError): void
  /** The channel is gone, and what was declared may be too. These were in flight, and those wait, in their order. */
  interrupted(inFlight: readonly Publication[], waiting: readonly Publication[]): void
}
