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

/** Wait of a channel that was never open, so that those that were open come back first. */
const LATECOMER_MS = 1_000
/** How long an answer may take before it is looked into, and the interval of the looks. */
const HELD_MS = 800
const LOOK_MS = 100
/** How long a fresh channel is watched. A later delay has nothing to do with the lost node. */
const WATCH_MS = 10_000

/** A channel that reopens by itself. Other channels and the connection do not notice. */
export class RecoveringChannel {
  readonly #options: RecoveringChannelOptions
  readonly #stop = new AbortController()
  readonly #backoff = new Backoff()
  /** The channel that is open now, if there is one. */
  current: Channel | undefined
  #running: Promise<void> | undefined
  /** Aborted when a set-up in progress must end too. */
  readonly #cut = new AbortController()
  #settingUp: Promise<void> | undefined
  #everOpened = false
  /** Whether the link was lost, and the broker has not answered since. */
  isBack = false
  /** Reason of closing a channel whose answer the broker held back. */
  #held: LeveretError | undefined

  constructor(options: RecoveringChannelOptions) {
    this.#options = options
    setMaxListeners(0, this.#stop.signal, this.#cut.signal)
  }

  /** Whether the link was lost, and no message on this channel was confirmed since. The first message goes alone. */
  get awaitsFirstConfirm(): boolean {
    return this.isBack && this.current?.answers.hasConfirmed === false
  }

  /** Starts the loop, once. @returns when it has ended: closed, or failed for good */
  run(): Promise<void> {
    this.#running ??= inRootContext(() => this.#loop())
    return this.#running
  }

  /** Stops reopening. The current channel, or one in set-up, stays until {@link close}. */
  stop(): void {
    this.#stop.abort(new ClosedError('closed'))
  }

  /** Resolves when no channel is being set up. Never rejects. */
  async whenSetUp(): Promise<void> {
    await this.#settingUp?.catch(() => undefined)
  }

  /** Closes the channel for good, after what was written is sent. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    this.stop()
    this.#cut.abort(new ClosedError('closed'))
    await this.current?.close(timeoutMs)
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
        if (isLinkLoss(error)) this.isBack = true
        if (error !== this.#held) await this.#waitAfter(error, signal).catch(() => undefined)
      }
    }
  }

  /** Waits after a failure. A channel too many ends the whole connection: the channels that were open reopen first. */
  async #waitAfter(error: unknown, signal: AbortSignal): Promise<void> {
    if (isOverChannelLimit(error) && !this.#everOpened) await sleep(LATECOMER_MS, signal)
    // A lost connection has its own back-off.
    if (isLost(error)) await sleep(backoffMs(1, Math.random()), signal)
    else await this.#backoff.wait(signal)
  }

  /**
   * Opens and sets up one channel, and waits for its end. Rejects if it never became current.
   *
   * @returns whether to wait before the next one. A lost connection has its own back-off
   */
  async #oneLife(signal: AbortSignal): Promise<boolean> {
    const { lane, kind, hooks } = this.#options
    let end: (reason: LeveretError) => void = () => undefined
    const ended = new Promise<LeveretError>((resolve) => {
      end = resolve
    })
    // A blocked connection answers nothing, so a request there would notice the end of the alarm late.
    await lane.whenWritable(signal)
    const channel = await lane.openChannel(kind, { ...hooks, closed: end }, signal)
    if (this.isBack) void this.#watchAnswers(channel)
    try {
      this.#settingUp = this.#prepare(channel, ended, this.#cut.signal)
      await this.#settingUp
      // A `close` in the meantime has found no channel to close.
      this.#cut.signal.throwIfAborted()
      this.#up(channel)
      const reason = await ended
      const isCauseGone = this.#down(reason)
      this.isBack = isLinkLoss(reason)
      return !isCauseGone && reason !== this.#held && !isLost(reason) && !isOverChannelLimit(reason)
    } catch (error) {
      this.current = undefined
      void channel.close(0)
      throw error
    }
  }

  /**
   * Closes a channel whose answer the broker holds back although it answers on others, once after each loss of a link.
   * The broker has asked a node that is gone; for a channel opened a second later it asks another node.
   */
  async #watchAnswers(channel: Channel): Promise<void> {
    const { lane } = this.#options
    const { answers, signal } = channel
    const until = performance.now() + WATCH_MS
    try {
      while (!this.#isAnswered(channel) && (performance.now() < until || answers.heldMs > 0)) {
        await sleep(LOOK_MS, signal)
        // Bytes that are still on their way to the broker cannot have an answer.
        if (channel.backlog.bytes > 0) answers.begin()
        if (answers.heldMs < HELD_MS || lane.state === 'blocked') continue
        await lane.spare.use(signal, (other) => other.prefetch(1))
        // An answer that was close has arrived by now.
        await sleep(LOOK_MS, signal)
        if (answers.heldMs >= HELD_MS) break
      }
      this.isBack = false
      if (!this.#isAnswered(channel) && answers.heldMs >= HELD_MS) await this.#giveUp(channel)
    } catch {
      // The channel has ended by itself, or the broker does not answer.
    }
  }

  #isAnswered(channel: Channel): boolean {
    return this.#options.resends === true ? channel.answers.hasConfirmed : this.current === channel
  }

  /**
   * Closes the current channel over its first message after a loss: its answer is that of a node that is gone.
   *
   * @returns `false` if no link was lost, or a channel was already closed over that
   */
  giveUpFirst(): boolean {
    if (this.current === undefined || !this.awaitsFirstConfirm) return false
    this.isBack = false
    void this.#giveUp(this.current)
    return true
  }

  async #giveUp(channel: Channel): Promise<void> {
    this.#held = new ConnectionError(
      'timeout',
      'The broker did not answer on the first channel after a reconnect; leveret retries on a new channel',
    )
    await channel.close(0, this.#held)
  }

  #up(channel: Channel): void {
    this.current = channel
    this.#backoff.up()
    this.#options.opened(channel)
    const { 'channel-recovered': recovered } = diagnostics
    if (this.#everOpened && recovered.hasSubscribers) recovered.publish(this.#about())
    this.#everOpened = true
  }

  #down(reason: LeveretError): boolean {
    this.current = undefined
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
      // A refusal by the broker during the set-up says more than the end of the channel, and arrives in this turn.
      await nextTurn()
      throw reason
    })
    try {
      await unlessAborted(signal, Promise.race([this.#options.setUp(channel, signal), lost]))
      isSetUp = true
    } catch (error) {
      // The channel's own reason says more.
      throw isLost(error) ? (channel.signal.reason ?? error) : error
    }
  }
}

/** Options of {@link RecoveringChannel}. */
export interface RecoveringChannelOptions {
  readonly lane: Lane
  /** Purpose for diagnostics: `publishing`, or the name of the queue consumed. */
  readonly purpose: string
  readonly kind: 'plain' | 'confirm'
  /** Callbacks for confirms and returns of the current channel. */
  readonly hooks?: Omit<ChannelHooks, 'closed'>
  /** Whether unconfirmed messages move to the next channel, so that one may be closed early. @defaultValue false */
  readonly resends?: boolean
  /** Prepares a fresh channel: declarations, prefetch, consumer. Runs on every fresh channel. */
  setUp(channel: Channel, signal: AbortSignal): Promise<void>
  /** Called when a channel is set up and current. */
  opened(channel: Channel): void
  /**
   * Called when the current channel has ended. Comes once for every `opened`.
   *
   * @returns whether the cause ended with it, so that waiting before the next channel gains nothing
   */
  lost(reason: LeveretError): boolean
  /** Called when opening or set-up has failed. Another try follows, unless `isFinal`. */
  failed(reason: LeveretError): void
  /** Whether an error of `setUp` makes every further try useless. */
  isFinal(error: LeveretError): boolean
}
