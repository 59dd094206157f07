import { setMaxListeners } from 'node:events'
import { Deadlines } from '../../async/deadlines.js'
import { onAbort } from '../../async/on-abort.js'
import { atMost } from '../../async/timing.js'
import type { ConnectionInternals } from '../../connection/connection.js'
import type { QueuedMessages } from '../../connection/queued-messages.js'
import { ClosedError } from '../../errors/closed-error.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { PublishError } from '../../errors/publish-error.js'
import { publishError } from '../../errors/publish-failures.js'
import { declare } from '../../topology/declare.js'
import { Publication } from './publication.js'
import { type Circumstances, type Refusal, refusalOf } from './refusal.js'
import type { PublishRequest, Sent, Topology } from './request.js'
import { TopologyGates } from './topology-gates.js'
import { Writer } from './writer.js'

/** Receives the error, if there is one. */
type Ended = (error: LeveretError | undefined) => void

const CLOSED = new ClosedError('The connection has been closed')
/** Settled messages may keep their places until they exceed the unsettled ones by this many. Then they are dropped. */
const DEAD_AT_LEAST = 64
/** Time for closing the channel after the time of the close is up. */
const LAST_STEP_MS = 200

/**
 * Publishes with confirms, through one channel that reopens by itself. Every submitted message settles exactly once.
 *
 * A message waits for its topology, then for its turn, then in the window for its confirm. When the channel is lost,
 * messages in the window go back to the front and are sent again under the same message id.
 */
export class PublishEngine {
  readonly #internals: ConnectionInternals
  readonly #stop = new AbortController()
  readonly #gates: TopologyGates
  readonly #queued: QueuedMessages
  readonly #writer: Writer
  readonly #deadlines = new Deadlines((now) => this.#sweep(now), { keepsAlive: true })
  readonly #circumstances: Circumstances
  #unsettled = 0
  #dead = 0
  #onIdle: (() => void) | undefined

  constructor(internals: ConnectionInternals) {
    this.#internals = internals
    setMaxListeners(0, this.#stop.signal)
    this.#queued = internals.queued
    const { publishLane, settings } = internals
    this.#circumstances = {
      maxMessageBytes: settings.maxMessageBytes,
      queued: this.#queued,
      closed: undefined,
      isFree: () => publishLane.state === 'ready' && this.#writer.isFree,
    }
    this.#gates = new TopologyGates({
      signal: this.#stop.signal,
      declare: (topology) => this.#declare(topology),
      isFinal: ({ retryable }) => !retryable,
      release: (publications) => this.#release(publications),
      refuse: (publications, error) => {
        for (const publication of publications) publication.refuse(error)
      },
    })
    this.#writer = new Writer({
      internals,
      leftQueue: ({ share, bytes }) => this.#queued.leave(share, bytes),
      returned: ({ topology, whenReturned }) => {
        if (whenReturned === undefined) this.#gates.forget(topology)
      },
      denied: (publications, reason) => this.#onDenied(publications, reason),
      interrupted: (inFlight, waiting) => this.#onInterrupted(inFlight, waiting),
    })
    internals.register({ stage: 'engine', close: (timeoutMs) => this.#close(timeoutMs) })
  }

  /** Aborted when nothing more is sent. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** Reason for which nothing can be sent for now, although the connection is open. */
  get why(): string | undefined {
    return this.#writer.why
  }

  /**
   * Publishes a message. Resolves when the broker has confirmed the message and did not return it.
   *
   * @param ended - called once, just before the promise settles, with the error if there is one. Must not throw
   * @throws {@link PublishError} with the outcome that is known
   * @throws {@link TopologyMismatchError} or {@link BrokerError} if the topology was refused; then nothing was sent
   */
  submit(request: PublishRequest, ended?: Ended): Promise<Sent> {
    const refusal = refusalOf(request, this.#circumstances)
    if (refusal !== undefined) {
      const error = this.#refuse(request, refusal)
      ended?.(error)
      return Promise.reject(error)
    }
    const publication = new Publication(request, performance.now() + request.timeoutMs, this.#onSettled)
    publication.context = this.#internals.tracers.context()
    publication.whenSettled =
      request.signal === undefined ? ended : this.#whenSettled(publication, request.signal, ended)
    this.#unsettled += 1
    if (publication.deadline < this.#deadlines.next) this.#deadlines.watch(publication.deadline)
    const isDeclared = this.#gates.isOpen(publication.topology)
    if (!isDeclared || !this.#writer.writeNow(publication)) this.#wait(publication, isDeclared)
    return publication.settled
  }

  /**
   * Reserves a place for a message that is not ready yet.
   *
   * @returns a function that releases the place, for `submit` to take
   * @throws {@link PublishError} if there is no place
   */
  hold(request: PublishRequest): () => void {
    const refusal = refusalOf(request, this.#circumstances)
    if (refusal !== undefined) throw this.#refuse(request, refusal)
    const { share, message } = request
    // A patient sender has few messages at a time.
    if (request.patient === true) return () => undefined
    this.#queued.enter(share, message.content.length)
    return () => this.#queued.leave(share, message.content.length)
  }

  #refuse(request: PublishRequest, refusal: Refusal): PublishError {
    return publishError('not-sent', request.message, `${refusal.why}${this.#because(request)}`, refusal)
  }

  #whenSettled(publication: Publication, signal: AbortSignal, ended: Ended | undefined): Ended {
    const unlisten = onAbort(signal, () =>
      this.#expire(publication, 'its signal was aborted', { cause: signal.reason }),
    )
    return (error) => {
      unlisten()
      ended?.(error)
    }
  }

  #wait(publication: Publication, isDeclared: boolean): void {
    // The hook of a tracer may have aborted it while it was being written.
    if (publication.isSettled) return
    publication.place = 'waiting'
    this.#queued.enter(publication.share, publication.bytes)
    this.#writer.start()
    if (!isDeclared) this.#gates.enter(publication)
    else {
      this.#writer.push(publication)
      this.#writer.pump()
    }
  }

  readonly #onSettled = (publication: Publication, error: LeveretError | undefined): void => {
    if (publication.place === 'waiting') {
      this.#queued.leave(publication.share, publication.bytes)
      this.#dead += 1
    }
    if (publication.isSuspect) this.#writer.forget(publication)
    this.#unsettled -= 1
    if (this.#dead > this.#unsettled + DEAD_AT_LEAST) this.#compact()
    if (this.#unsettled === 0) this.#onIdle?.()
    publication.whenSettled?.(error)
  }

  #release(publications: readonly Publication[]): void {
    for (const publication of publications) this.#writer.push(publication)
    this.#writer.pump()
  }

  async #declare(topology: Topology): Promise<void> {
    const { publishLane, settings } = this.#internals
    // A blocked connection does not answer, and each abandoned declaration would leave a channel open.
    await publishLane.whenWritable(this.#stop.signal)
    await declare(publishLane, topology, settings.topology, this.#stop.signal)
  }

  #onDenied(publications: readonly Publication[], reason: LeveretError): void {
    for (const publication of publications) {
      publication.deny(reason)
      this.#queued.enter(publication.share, publication.bytes)
    }
    this.#gates.postpone(publications)
  }

  /** Sends everything through its gate again, in order. */
  #onInterrupted(inFlight: readonly Publication[], waiting: readonly Publication[]): void {
    for (const publication of inFlight) {
      publication.place = 'waiting'
      this.#queued.enter(publication.share, publication.bytes)
    }
    this.#gates.forget()
    this.#gates.reenter([...inFlight, ...waiting].filter(({ isSettled }) => !isSettled))
  }

  /** Fails the publications that are late. @returns the next deadline */
  #sweep(now: number): number {
    const open = this.#all().filter(({ isSettled }) => !isSettled)
    for (const publication of open) {
      if (publication.deadline <= now) this.#expire(publication, publication.lateness)
    }
    this.#compact()
    const next = open.map(({ deadline }) => deadline).filter((deadline) => deadline > now)
    return next.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  }

  /** Returns a copy, because the callback of one publication may submit another. */
  #all(): Publication[] {
    return [...this.#writer, ...this.#gates]
  }

  #compact(): void {
    this.#dead = 0
    this.#writer.compact()
    this.#gates.compact()
    // The window may hold nothing but late publications, so that the channel has to be replaced.
    this.#writer.pump()
  }

  /** Fails a publication, which stays in the window until an answer: the channel still holds its tag and its bytes. */
  #expire(publication: Publication, why: string, options?: { cause: unknown; retryable?: boolean }): void {
    if (!publication.isSettled) publication.giveUp(`${why}${this.#because(publication)}`, options)
  }

  #because({ topology }: Pick<Publication, 'topology'>): string {
    const why = this.#internals.publishLane.why ?? this.why ?? this.#gates.troubleWith(topology)
    return why === undefined ? '' : `: ${why}`
  }

  async #close(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    this.#circumstances.closed = CLOSED
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve
      if (this.#unsettled === 0) resolve()
    })
    await atMost(timeoutMs, idle)
    this.#deadlines.stop()
    this.#stop.abort(CLOSED)
    for (const publication of this.#all()) {
      this.#expire(publication, 'the connection was closed before the broker confirmed it', {
        cause: CLOSED,
        retryable: false,
      })
    }
    this.#gates.close()
    await this.#writer.close(Math.max(deadline - performance.now(), LAST_STEP_MS))
  }
}
