import { setMaxListeners } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Channel } from '../amqp/channel.js'
import { isLinkLoss, isLost, isOverChannelLimit } from '../amqp/channel-errors.js'
import type { ChannelHooks } from '../amqp/channel-parts.js'
import { inRootContext } from '../async/root-context.js'
import { sleep, unlessAborted } from '../async/timing.js'
import { ClosedError } from '../errors/closed-error.js'
import { ConnectionError } from '../errors/connection-error.js'
import type { LeveretError } from '../errors/leveret-error.js'
import { type ChannelDiagnostics, diagnostics } from './diagnostics.js'
import { Backoff, backoffMs } from './lanes/backoff.js'
import type { Lane } from './lanes/lane.js'

/** Longer than a first reconnect takes. */
const LATECOMER_MS = 1_000
/** An answer that takes longer is looked into, so often. */
const HELD_MS = 800
const LOOK_MS = 100
/** So long after a fresh channel was opened. What comes later is no longer about the node that is gone. */
const WATCH_MS = 10_000

/** A channel that comes back by itself, on its own: neither its neighbours nor the connection notice. */
export class RecoveringChannel {
  readonly #options: RecoveringChannelOptions
  readonly #stop = new AbortController()
  readonly #backoff = new Backoff()
  #current: Channel | undefined
  #running: Promise<void> | undefined
  /** Aborted when a set-up that is going on is to end too. */
  readonly #cut = new AbortController()
  #settingUp: Promise<void> | undefined
  #everOpened = false
  /** The link was lost, and nothing has been answered since. */
  #isBack = false
  /** Why a channel was given up on which an answer was held. */
  #held: LeveretError | undefined

  constructor(options: RecoveringChannelOptions) {
    this.#options = options
    setMaxListeners(0, this.#stop.signal, this.#cut.signal)
  }

  /** The channel to use now, if there is one. */
  get current(): Channel | undefined {
    return this.#current
  }

  /** Whether the link has been lost, and the broker has not accepted any message on this channel since: the first one goes alone. */
  get awaitsFirstConfirm(): boolean {
    return this.#isBack && this.#current?.answers.hasConfirmed === false
  }

  /** Begins, once. @returns when the loop has ended: closed, or failed for good */
  run(): Promise<void> {
    this.#running ??= inRootContext(() => this.#loop())
    return this.#running
  }

  /** Opens no other channel; the current one, or the one that is being set up, stays until {@link close}. */
  stop(): void {
    this.#stop.abort(new ClosedError('closed'))
  }

  /** Resolves when no channel is being set up. Never rejects. */
  async whenSetUp(): Promise<void> {
    await this.#settingUp?.catch(() => undefined)
  }

  /** Ends it for good, after what was written is flushed. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    this.stop()
    this.#cut.abort(new ClosedError('closed'))
    await this.#current?.close(timeoutMs)
    await this.#running
  }

  async #loop(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      try {
        if (await this.#oneLife(signal)) await this.#backoff.wait(signal)
      } catch (error) {
        if (signal.aborted) return
        this.#options.failed(error as LeveretError)
        if (this.#options.isFinal(error as LeveretError)) return
        if (isLinkLoss(error)) this.#isBack = true
        if (error !== this.#held) await this.#waitAfter(error, signal).catch(() => undefined)
      }
    }
  }

  /** A channel too many costs all on the connection theirs: those that had one come back first. */
  async #waitAfter(error: unknown, signal: AbortSignal): Promise<void> {
    if (isOverChannelLimit(error) && !this.#everOpened) await sleep(LATECOMER_MS, signal)
    // A lost connection has its own back-off.
    if (isLost(error)) await sleep(backoffMs(1, Math.random()), signal)
    else await this.#backoff.wait(signal)
  }

  /**
   * Opens, sets up, and waits for the end. Rejects when it never became current.
   *
   * @returns whether to wait before the next one. A lost connection has its own back-off
   */
  async #oneLife(signal: AbortSignal): Promise<boolean> {
    const { lane, kind, hooks } = this.#options
    let end: (reason: LeveretError) => void = () => undefined
    const ended = new Promise<LeveretError>((resolve) => {
      end = resolve
    })
    // A blocked connection answers nothing: who asks there finds out late that the alarm has ended.
    await lane.whenWritable(signal)
    const channel = await lane.openChannel(kind, { ...hooks, closed: end }, signal)
    if (this.#isBack) void this.#watchAnswers(channel)
    try {
      this.#settingUp = this.#prepare(channel, ended, this.#cut.signal)
      await this.#settingUp
      // Whoever has closed it meanwhile has found no channel to close.
      this.#cut.signal.throwIfAborted()
      this.#up(channel)
      const reason = await ended
      const isCauseGone = this.#down(reason)
      this.#isBack = isLinkLoss(reason)
      return !isCauseGone && reason !== this.#held && !isLost(reason) && !isOverChannelLimit(reason)
    } catch (error) {
      this.#current = undefined
      void channel.close(0)
      throw error
    }
  }

  /**
   * Gives a channel up, once after each loss of a link, on which the broker holds its answer back although it answers elsewhere: it has asked a
   * node that is gone, and asks another one for a channel that comes a second later.
   */
  async #watchAnswers(channel: Channel): Promise<void> {
    const { lane } = this.#options
    const { answers, signal } = channel
    const until = performance.now() + WATCH_MS
    try {
      while (!this.#isAnswered(channel) && (performance.now() < until || answers.heldMs > 0)) {
        await sleep(LOOK_MS, signal)
        // What is still on its way to the broker cannot have an answer.
        if (channel.backlog.bytes > 0) answers.begin()
        if (answers.heldMs < HELD_MS || lane.state === 'blocked') continue
        await lane.spare.use(signal, (other) => other.prefetch(1))
        // An answer that was right behind is here by now.
        await sleep(LOOK_MS, signal)
        if (answers.heldMs >= HELD_MS) break
      }
      this.#isBack = false
      if (!this.#isAnswered(channel) && answers.heldMs >= HELD_MS) await this.#giveUp(channel)
    } catch {
      // It has ended by itself, or the broker answers nobody.
    }
  }

  #isAnswered(channel: Channel): boolean {
    return this.#options.resends === true ? channel.answers.hasConfirmed : this.#current === channel
  }

  /**
   * Gives the current channel up over what came first on it after a loss: its answer is that of a node that is gone.
   *
   * @returns `false` when nothing has been lost, or an answer was given up before
   */
  giveUpFirst(): boolean {
    if (this.#current === undefined || !this.awaitsFirstConfirm) return false
    this.#isBack = false
    void this.#giveUp(this.#current)
    return true
  }

  async #giveUp(channel: Channel): Promise<void> {
    this.#held = new ConnectionError(
      'timeout',
      'The broker held its first answer back; it is asked again on a fresh channel',
    )
    await channel.close(0, this.#held)
  }

  #up(channel: Channel): void {
    this.#current = channel
    this.#backoff.up()
    this.#options.opened(channel)
    const { 'channel-recovered': recovered } = diagnostics
    if (this.#everOpened && recovered.hasSubscribers) recovered.publish(this.#about())
    this.#everOpened = true
  }

  #down(reason: LeveretError): boolean {
    this.#current = undefined
    this.#backoff.down()
    const isCauseGone = this.#options.lost(reason)
    const { 'channel-lost': lost } = diagnostics
    if (lost.hasSubscribers && !this.#stop.signal.aborted) lost.publish({ ...this.#about(), reason })
    return isCauseGone
  }

  #about(): ChannelDiagnostics {
    const { lane, purpose } = this.#options
    return { connection: lane.connection, lane: lane.purpose, purpose }
  }

  async #prepare(channel: Channel, ended: Promise<LeveretError>, signal: AbortSignal): Promise<void> {
    let isSetUp = false
    const lost = ended.then(async (reason) => {
      if (isSetUp) return
      // What the broker refused during the set-up says more than that the channel has ended, and is told in this turn.
      await nextTurn()
      throw reason
    })
    try {
      await unlessAborted(signal, Promise.race([this.#options.setUp(channel, signal), lost]))
      isSetUp = true
    } catch (error) {
      // The channel knows why.
      throw isLost(error) ? (channel.signal.reason ?? error) : error
    }
  }
}

/** What an engine wants of its channel. */
export interface RecoveringChannelOptions {
  readonly lane: Lane
  /** For diagnostics: `publishing`, or the name of the queue consumed. */
  readonly purpose: string
  readonly kind: 'plain' | 'confirm'
  /** Confirms and returns of whichever channel is current. */
  readonly hooks?: Omit<ChannelHooks, 'closed'>
  /**
   * What was in flight on a lost channel is sent again on the next one, so a channel may be given up over its first message. @defaultValue false
   */
  readonly resends?: boolean
  /** Makes a fresh channel fit for work: declarations, prefetch, consumer. Runs again on every fresh channel. */
  setUp(channel: Channel, signal: AbortSignal): Promise<void>
  /** The channel is set up and current. */
  opened(channel: Channel): void
  /**
   * It is no longer. Comes once for every `opened`.
   *
   * @returns whether the cause is gone with it, so that nothing is gained by waiting before the next one
   */
  lost(reason: LeveretError): boolean
  /** A try to open or set up failed; the next follows, unless `isFinal`. */
  failed(reason: LeveretError): void
  /** Whether an error of `setUp` makes every further try useless. */
  isFinal(error: LeveretError): boolean
}
