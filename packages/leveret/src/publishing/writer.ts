import type { ConnectionInternals } from '../connection/connection.js'
import { LastingChannel } from '../connection/lasting-channel.js'
import { tell } from '../connection/telling.js'
import { ConnectionError, type LeveretError } from '../errors.js'
import { messageOf } from '../message-of.js'
import { describeRefusal, isCulprit, isSuspect, type Loss, readLoss } from './loss.js'
import type { Publication } from './publication.js'
import { Turns } from './turns.js'
import { Window } from './window.js'

const CLOSE_TIMEOUT_MS = 2_000

/** What a writer tells the outbox. */
export interface WriterOptions {
  readonly internals: ConnectionInternals
  /** It no longer waits. */
  handedOver(publication: Publication): void
  /** No queue took it: what it needs may be gone. */
  returned(publication: Publication): void
  /** The channel is gone, and what was declared may be too. These were in flight, and those wait, in their order. */
  interrupted(inFlight: readonly Publication[], waiting: readonly Publication[]): void
}

/** Puts messages on the wire in their order, within the window, and settles them by the broker's answers. */
export class Writer {
  readonly #options: WriterOptions
  readonly #channel: LastingChannel
  readonly #waiting = new Turns<Publication>()
  /** Their ids are in flight already: the broker could not tell a return of the one from that of the other. */
  readonly #aside = new Map<string, Publication[]>()
  readonly #window = new Window()
  readonly #suspects = new Set<Publication>()
  #why: string | undefined

  constructor(options: WriterOptions) {
    this.#options = options
    const { publishLane } = options.internals
    this.#channel = new LastingChannel({
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
    if (publication.place === 'in flight') this.#window.abandon()
  }

  /** Drops what has settled while it waited, but not what may be the one that others of its id wait for. */
  compact(): void {
    this.#waiting.retain(({ isSettled, message }) => !isSettled || this.#aside.has(message.properties.messageId))
    for (const [id, publications] of this.#aside) {
      const left = publications.filter(({ isSettled }) => !isSettled)
      if (left.length > 0) this.#aside.set(id, left)
      else this.#aside.delete(id)
    }
  }

  *[Symbol.iterator](): IterableIterator<Publication> {
    yield* this.#window
    yield* this.#waiting
    for (const publications of this.#aside.values()) yield* publications
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
      this.#aside.set(messageId, [...(this.#aside.get(messageId) ?? []), next])
    } else return this.#write(next)
    return true
  }

  #write(next: Publication): boolean {
    let tag: number | undefined
    next.takeTurn()
    try {
      tag = this.#channel.current?.publish(next.message)
    } catch (cause) {
      this.#waiting.shift()
      next.fail('not-sent', `its properties cannot be encoded: ${messageOf(cause)}`, { cause, retryable: false })
      return true
    }
    if (tag === undefined) return false
    this.#waiting.shift()
    this.#options.handedOver(next)
    next.handOver()
    this.#window.add(tag, next)
    tell(next.handedOver > 1 ? 'resent' : 'published', this.#options.internals.name, next.message)
    return true
  }

  /** Everything in the window is late: a queue without a leader, perhaps. Others are not to wait for it. */
  #replaceWhatAnswersNothing(): void {
    if (this.#window.size > this.#window.abandoned) return
    const reason = new ConnectionError('timeout', 'Nothing on the channel was confirmed in time')
    void this.#channel.current?.close(CLOSE_TIMEOUT_MS, reason)
  }

  #onConfirm(tag: number, multiple: boolean, accepted: boolean): void {
    // What a fresh channel brings first, a queue may refuse whose leader has just died. It is sent again as if it had no answer.
    if (!accepted && this.#channel.awaitsFirstConfirm) return
    for (const publication of this.#window.take(tag, multiple)) {
      this.#recall(publication)
      if (publication.isSettled) continue
      if (!accepted) publication.fail('refused', 'the broker answered basic.nack, as a full queue does')
      else if (publication.returnedBecause === undefined) publication.succeed()
      else this.#onReturned(publication, publication.returnedBecause)
    }
    this.pump()
  }

  #onReturned(publication: Publication, why: string): void {
    const { whenReturned, handedOver } = publication
    const isSure = handedOver === 1
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
  #recall({ message }: Publication): void {
    if (this.#aside.size === 0) return
    const { messageId } = message.properties
    const [next, ...others] = this.#aside.get(messageId) ?? []
    if (next === undefined) return
    if (others.length > 0) this.#aside.set(messageId, others)
    else this.#aside.delete(messageId)
    this.#waiting.unshift(next.line, next)
  }

  /** @returns whether the cause went with it */
  #onLost(reason: LeveretError): boolean {
    const inFlight = this.#window.drain()
    const loss = readLoss(
      reason,
      inFlight.map(({ message }) => message),
    )
    const again: Publication[] = []
    const culprits: Publication[] = []
    for (const publication of inFlight) {
      if (publication.isSettled) continue
      const circumstances = { alone: inFlight.length === 1, suspected: this.#suspects.has(publication) }
      const list = isCulprit(loss, publication.message, circumstances) ? culprits : again
      list.push(publication)
    }
    for (const publication of again) if (isSuspect(loss, publication.message)) this.#suspects.add(publication)
    // What is wrong with one is wrong with all that were refused with it.
    if (loss.kind === 'named' && culprits.length > 0) culprits.push(...this.#accomplices(loss, culprits))
    const aside = [...this.#aside.values()].flat()
    this.#aside.clear()
    this.#options.interrupted(again, [...aside, ...this.#waiting.drain()])
    for (const culprit of culprits)
      culprit.fail('refused', describeRefusal(reason), { cause: reason, retryable: false })
    return culprits.length > 0 || this.isSuspicious
  }

  #accomplices(loss: Loss, culprits: readonly Publication[]): Publication[] {
    const suspected = [...this.#suspects].filter((suspect) => !culprits.includes(suspect))
    return suspected.filter(({ message }) => isCulprit(loss, message, { alone: false, suspected: true }))
  }
}
