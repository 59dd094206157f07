import { setMaxListeners } from 'node:events'
import type { ConnectionInternals } from '../connection/connection.js'
import { LastingChannel } from '../connection/lasting-channel.js'
import { ClosedError, type LeveretError } from '../errors.js'
import { atMost } from '../timing.js'
import { declare } from '../topology/declare.js'
import { Deadlines } from './deadlines.js'
import { Fifo } from './fifo.js'
import { Gates } from './gates.js'
import { describeRefusal, isCulprit, readLoss } from './loss.js'
import { type OnSettled, Publication, publishError } from './publication.js'
import type { PublishRequest, Topology } from './request.js'
import { type Refusal, Room } from './room.js'
import { Signals } from './signals.js'
import { tellHandedOver, tellSettled } from './told.js'
import { Window } from './window.js'

const CLOSED: Refusal = {
  why: 'the connection has been closed',
  retryable: false,
  cause: new ClosedError('The connection has been closed'),
}

/**
 * Publishes with confirms, through one channel that comes back by itself. Every submitted message settles exactly once.
 *
 * A message waits at its topology's gate, then for its turn, then in the window for its confirm. When the channel is
 * lost, what was in the window goes back to the front and is sent again under the same message id.
 */
export class Outbox {
  readonly #internals: ConnectionInternals
  readonly #channel: LastingChannel
  readonly #stop = new AbortController()
  readonly #gates: Gates
  readonly #room: Room
  readonly #waiting = new Fifo<Publication>()
  readonly #window = new Window()
  readonly #deadlines = new Deadlines((now) => this.#sweep(now))
  readonly #signals = new Signals((publication) =>
    this.#expire(publication, 'its signal was aborted', publication.signal?.reason),
  )
  readonly #suspects = new Set<Publication>()
  #unsettled = 0
  #closing = false
  #onIdle: (() => void) | undefined

  constructor(internals: ConnectionInternals) {
    this.#internals = internals
    setMaxListeners(0, this.#stop.signal)
    const { publishLane, settings } = internals
    this.#room = new Room(settings)
    this.#gates = new Gates({
      signal: this.#stop.signal,
      declare: (topology) => this.#declare(topology),
      isFinal: ({ retryable }) => !retryable,
      release: (publications) => this.#release(publications),
      refuse: (publications, error) => {
        for (const publication of publications) publication.refuse(error)
      },
    })
    this.#channel = new LastingChannel({
      lane: publishLane,
      purpose: 'publishing',
      kind: 'confirm',
      hooks: {
        confirmed: (tag, multiple, accepted) => this.#onConfirm(tag, multiple, accepted),
        returned: (message) => this.#window.markReturned(message),
      },
      setUp: async () => undefined,
      opened: () => this.#pump(),
      lost: (reason) => this.#onLost(reason),
      failed: () => undefined,
      isFinal: () => false,
    })
    publishLane.events.on('unblocked', () => this.#pump())
    internals.register({ stage: 'engine', close: (timeoutMs) => this.#close(timeoutMs) })
  }

  /**
   * Resolves when the broker has confirmed the message and did not return it.
   *
   * @throws {@link PublishError} with what is known of it
   * @throws {@link TopologyMismatchError} or {@link BrokerError} when its topology was refused; then nothing was sent
   */
  submit(request: PublishRequest): Promise<void> {
    const refusal = this.#closing ? CLOSED : this.#room.refusal(request, !this.#isFree())
    if (refusal !== undefined) {
      return Promise.reject(publishError('not-sent', request.message, `${refusal.why}${this.#because()}`, refusal))
    }
    const publication = new Publication(request, performance.now() + request.timeoutMs, this.#onSettled)
    this.#accept(publication)
    return publication.settled
  }

  /** Whether a message could be written now, as far as can be told. */
  #isFree(): boolean {
    const { publishLane, settings } = this.#internals
    return publishLane.state === 'ready' && this.#suspects.size === 0 && this.#unsettled < settings.maxInFlight
  }

  #accept(publication: Publication): void {
    this.#unsettled += 1
    this.#room.enter(publication)
    this.#signals.watch(publication)
    if (publication.deadline !== Number.POSITIVE_INFINITY) this.#deadlines.watch(publication.deadline)
    void this.#channel.run()
    if (this.#gates.isOpen(publication.topology)) {
      this.#waiting.push(publication)
      this.#pump()
    } else this.#gates.enter(publication)
  }

  readonly #onSettled: OnSettled = (publication, error) => {
    if (!publication.inFlight) this.#room.leave(publication)
    this.#signals.forget(publication)
    this.#suspects.delete(publication)
    this.#unsettled -= 1
    if (this.#unsettled === 0) this.#onIdle?.()
    tellSettled(this.#internals.name, publication, error)
  }

  #release(publications: readonly Publication[]): void {
    for (const publication of publications) this.#waiting.push(publication)
    this.#pump()
  }

  /** Writes what may be written now. */
  #pump(): void {
    const channel = this.#channel.current
    if (channel === undefined || this.#internals.publishLane.state === 'blocked') return
    const limit = this.#suspects.size > 0 ? 1 : this.#internals.settings.maxInFlight
    while (this.#window.size < limit && this.#window.bytes < this.#internals.settings.maxQueuedBytes) {
      const next = this.#waiting.peek()
      if (next === undefined) return
      if (!next.isSettled) {
        if (this.#window.holds(next.message.properties.messageId)) return
        const tag = this.#write(next)
        if (tag === 'channel ended') return
        if (tag !== undefined) this.#window.add(tag, next)
      }
      this.#waiting.shift()
      // Last, because who listens may send in turn.
      if (next.inFlight) tellHandedOver(this.#internals.name, next)
    }
  }

  #write(publication: Publication): number | 'channel ended' | undefined {
    try {
      const tag = this.#channel.current?.publish(publication.message)
      if (tag === undefined) return 'channel ended'
      this.#room.leave(publication)
      publication.handOver()
      return tag
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause)
      publication.fail('not-sent', `its properties cannot be encoded: ${text}`, { cause, retryable: false })
      return undefined
    }
  }

  #onConfirm(tag: number, multiple: boolean, accepted: boolean): void {
    for (const publication of this.#window.take(tag, multiple)) {
      if (publication.isSettled) continue
      if (!accepted) publication.fail('refused', 'the broker answered basic.nack, as a full queue does')
      else if (publication.returnedBecause === undefined) publication.succeed()
      else {
        this.#gates.forget(publication.topology)
        publication.fail('returned', publication.returnedBecause)
      }
    }
    this.#pump()
  }

  async #declare(topology: Topology): Promise<void> {
    const { publishLane, settings } = this.#internals
    // A blocked connection answers nothing, and each declaration given up there would leave a channel behind.
    await publishLane.whenWritable(this.#stop.signal)
    await declare(publishLane, topology, settings.topology, this.#stop.signal)
  }

  /** What was declared may be gone too, so everything that waits passes its gate again, in its order. */
  #onLost(reason: LeveretError): boolean {
    const inFlight = this.#window.drain()
    const loss = readLoss(reason)
    const again: Publication[] = []
    let culprits = 0
    for (const publication of inFlight) {
      if (publication.isSettled) continue
      if (isCulprit(loss, publication.message, inFlight.length === 1)) {
        culprits += 1
        publication.fail('refused', describeRefusal(reason), { cause: reason, retryable: reason.retryable })
      } else {
        publication.inFlight = false
        this.#room.enter(publication)
        again.push(publication)
        if (loss.kind === 'suspect') this.#suspects.add(publication)
      }
    }
    this.#gates.forget()
    this.#gates.reenter([...again, ...this.#waiting.drain()].filter(({ isSettled }) => !isSettled))
    return culprits > 0 || this.#suspects.size > 0
  }

  /** Fails what is late. @returns the next deadline */
  #sweep(now: number): number {
    let next = Number.POSITIVE_INFINITY
    for (const publications of [this.#window, this.#waiting, this.#gates]) {
      for (const publication of publications) {
        if (publication.isSettled) continue
        if (publication.deadline <= now) this.#expire(publication, `${publication.lateness}${this.#because()}`)
        else next = Math.min(next, publication.deadline)
      }
    }
    this.#waiting.retain(({ isSettled }) => !isSettled)
    this.#gates.compact()
    return next
  }

  /** It stays in the window until the broker answers or the channel ends: its tag and its bytes are still out there. */
  #expire(publication: Publication, why: string, cause?: unknown): void {
    if (!publication.isSettled) publication.giveUp(why, cause)
  }

  #because(): string {
    const { why } = this.#internals.publishLane
    return why === undefined ? '' : `: ${why}`
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#closing = true
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve
      if (this.#unsettled === 0) resolve()
    })
    await atMost(timeoutMs, idle)
    this.#deadlines.stop()
    this.#stop.abort(new ClosedError('The connection has been closed'))
    for (const publications of [this.#window, this.#waiting, this.#gates]) {
      for (const publication of publications)
        this.#expire(publication, 'the connection was closed before the broker confirmed it')
    }
    await this.#channel.close(Math.min(timeoutMs, 2_000))
  }
}
