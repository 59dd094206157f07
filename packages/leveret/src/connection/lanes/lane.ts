import { setMaxListeners } from 'node:events'
import pRetry from 'p-retry'
import type { BrokerIdentity } from '../../amqp/broker-identity.js'
import type { Channel } from '../../amqp/channel.js'
import type { ChannelHooks } from '../../amqp/channel-parts.js'
import { wasDropped } from '../../amqp/connect-failure.js'
import type { Link } from '../../amqp/link.js'
import { SpareChannel } from '../../amqp/spare-channel.js'
import { inRootContext } from '../../async/root-context.js'
import { unlessAborted, within } from '../../async/timing.js'
import { ClosedError } from '../../errors/closed-error.js'
import { ConnectionError } from '../../errors/connection-error.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import { Events } from '../../events.js'
import { Backoff } from './backoff.js'
import { ChannelLimit } from './channel-limit.js'
import type { Hosts, HostsHooks } from './hosts.js'
import type { LaneEvents, LanePurpose, LaneState } from './lane-state.js'

/** A link that is reopened until the lane is closed. One loop owns it, so each loss starts exactly one reconnect. */
export class Lane {
  readonly purpose: LanePurpose
  /** Name of the connection that the lane belongs to. */
  readonly connection: string
  readonly events = new Events<LaneEvents>()
  /** Channel for code that needs one only for a moment. */
  readonly spare = new SpareChannel((signal) => this.openChannel('plain', {}, signal))
  /** The broker that it is, or was last, connected to. */
  server: Link['server'] | undefined
  readonly #hosts: Hosts
  readonly #startupTimeoutMs: number
  readonly #stop = new AbortController()
  readonly #backoff = new Backoff()
  readonly #hooks: HostsHooks = {
    blocked: (reason) => this.#block(reason),
    refreshFailed: (reason) => this.events.emit('credentials-failed', { reason }),
  }
  state: LaneState = 'idle'
  #why: LeveretError | undefined
  #blockedReason: string | undefined
  #link: Link | undefined
  /** Links that are opened beside the lane's own; they end with it. */
  readonly #beside = new Set<Link>()
  readonly #limit: ChannelLimit
  #running: Promise<void> | undefined
  #everUp = false
  #whenUnblocked: (() => void)[] = []
  #waiters = new Set<{ resolve: (link: Link) => void; reject: (reason: Error) => void }>()

  constructor({ purpose, connection, hosts, startupTimeoutMs }: LaneOptions) {
    setMaxListeners(0, this.#stop.signal)
    this.purpose = purpose
    this.connection = connection
    this.#hosts = hosts
    this.#startupTimeoutMs = startupTimeoutMs
    this.#limit = new ChannelLimit((signal) => this.openLink(signal), this.#stop.signal)
  }

  /** Reason for which the lane is not ready. */
  get why(): string | undefined {
    if (this.state === 'blocked') return `the broker accepts no publishes: ${this.#blockedReason}`
    return this.state === 'ready' ? undefined : this.#why?.message
  }

  /**
   * Opens the lane and waits until it is up, for `startupTimeoutMs` at most.
   *
   * @throws {@link ConnectionError} with the last reason, or at once with one that waiting cannot cure
   */
  async start(): Promise<void> {
    const late = (): Error =>
      this.#why ?? new ConnectionError('timeout', `No connection within ${this.#startupTimeoutMs} ms`)
    await within(this.#startupTimeoutMs, this.#ready(), late)
  }

  /**
   * Opens a channel on this lane, as soon as there is a connection.
   *
   * @throws {@link ConnectionError} if the connection was lost, or has no channels left; the signal's reason
   */
  async openChannel(kind: 'plain' | 'confirm', hooks: ChannelHooks, signal: AbortSignal): Promise<Channel> {
    const link = await unlessAborted(signal, this.#ready())
    this.#limit.admit(link.channels)
    const opening = link.openChannel(kind, hooks)
    try {
      return await unlessAborted(signal, opening)
    } catch (error) {
      opening.then((late) => late.close(0)).catch(() => undefined)
      throw error
    }
  }

  /** The broker, as soon as there is a connection. A reconnect may reach another node, of another version. */
  async whoAnswers(signal: AbortSignal): Promise<BrokerIdentity> {
    return (await unlessAborted(signal, this.#ready())).broker
  }

  /** Resolves when the lane is up and no alarm blocks it. */
  async whenWritable(signal: AbortSignal): Promise<void> {
    await unlessAborted(signal, this.#ready())
    while (this.state === 'blocked') {
      await unlessAborted(signal, new Promise<void>((resolve) => this.#whenUnblocked.push(resolve)))
      await unlessAborted(signal, this.#ready())
    }
  }

  /** Opens another link, for a request that may make the broker close the whole connection. The caller closes it. */
  async openLink(signal: AbortSignal): Promise<Link> {
    await unlessAborted(signal, this.#ready())
    const link = await inRootContext(() => this.#hosts.open({ blocked: () => undefined }, this.#stop.signal))
    this.#beside.add(link)
    void link.lost.then(() => this.#beside.delete(link))
    return link
  }

  /** Closes the link, or stops connecting. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    const closed = new ClosedError('The connection has been closed')
    this.#enter('closed', closed)
    this.#stop.abort(closed)
    for (const { reject } of this.#waiters) reject(closed)
    this.#waiters.clear()
    for (const link of this.#beside) link.cut(closed)
    await this.#link?.close(timeoutMs)
    await this.#running
  }

  #ready(): Promise<Link> {
    if (this.state === 'closed') return Promise.reject(this.#why)
    if (this.#link !== undefined) return Promise.resolve(this.#link)
    const up = new Promise<Link>((resolve, reject) => this.#waiters.add({ resolve, reject }))
    this.#running ??= inRootContext(() => this.#run())
    return up
  }

  async #run(): Promise<void> {
    this.#enter('connecting')
    while (!this.#stop.signal.aborted) {
      try {
        const link = await this.#connect()
        this.#up(link)
        const reason = await link.lost
        this.#limit.learn(reason, link.openedChannels)
        this.#down(reason)
        await this.#waitAfter(reason)
      } catch (error) {
        this.#giveUp(error)
        return
      }
    }
  }

  /** Connects, in as many tries as it takes. Rejects if closed, or before the first success for a fatal reason. */
  async #connect(): Promise<Link> {
    const { signal } = this.#stop
    const forEver = this.#everUp || this.#startupTimeoutMs === Number.POSITIVE_INFINITY
    const fatal = (error: unknown): boolean => !forEver && error instanceof ConnectionError && !error.retryable
    let opened: Link | undefined
    const open = async (): Promise<Link> => {
      opened = await this.#hosts.open(this.#hooks, signal)
      return opened
    }
    const connecting = pRetry(open, {
      retries: Number.POSITIVE_INFINITY,
      minTimeout: 0,
      signal,
      shouldRetry: ({ error }) => !fatal(error) && !signal.aborted,
      onFailedAttempt: async ({ error }) => {
        this.#failed(error as ConnectionError)
        if (!fatal(error) && !signal.aborted) await this.#waitAfter(error as ConnectionError)
      },
    })
    return await connecting.catch((error: unknown) => {
      // p-retry rejects if it was stopped while the last try succeeded.
      opened?.cut(new ClosedError('The connection has been closed'))
      throw error
    })
  }

  async #waitAfter(reason: LeveretError): Promise<void> {
    const { signal } = this.#stop
    if (wasDropped(reason)) await this.#backoff.waitAfterDrop(signal)
    // A login that is refused after it once worked is being rotated, or is gone. Frequent tries help neither.
    else if (!reason.retryable) await this.#backoff.waitLong(signal)
    else await this.#backoff.wait(signal)
  }

  #failed(reason: ConnectionError): void {
    if (this.#stop.signal.aborted) return
    this.#why = reason
    this.events.emit('connect-failed', { reason, attempt: this.#backoff.attempts + 1 })
  }

  #up(link: Link): void {
    this.#link = link
    this.server = link.server
    this.#everUp = true
    this.#backoff.up()
    this.#enter('ready')
    this.events.emit('connected', { address: link.address, brokerVersion: link.broker.version })
    for (const { resolve } of this.#waiters) resolve(link)
    this.#waiters.clear()
  }

  #down(reason: LeveretError): void {
    this.#link = undefined
    this.#blockedReason = undefined
    this.#backoff.down()
    if (this.state === 'closed') return
    this.#enter('reconnecting', reason)
    this.events.emit('disconnected', { reason })
  }

  /** Returns to idle. The next caller that needs the lane tries again, perhaps after the login was corrected. */
  #giveUp(error: unknown): void {
    const reason = error as LeveretError
    this.#running = undefined
    this.#enter('idle', reason)
    for (const { reject } of this.#waiters) reject(reason)
    this.#waiters.clear()
  }

  #block(reason: string | undefined): void {
    if (this.#link === undefined || this.state === 'closed') return
    this.#blockedReason = reason
    this.#enter(reason === undefined ? 'ready' : 'blocked')
    if (reason === undefined) this.events.emit('unblocked', {})
    else this.events.emit('blocked', { reason })
  }

  #enter(state: LaneState, why?: LeveretError): void {
    if (this.state === 'closed') return
    this.state = state
    this.#why = why ?? this.#why
    if (state !== 'blocked') for (const resume of this.#whenUnblocked.splice(0)) resume()
  }
}

/** Options of {@link Lane}. */
export interface LaneOptions {
  readonly purpose: LanePurpose
  readonly connection: string
  readonly hosts: Hosts
  /** How long the first connection may take; `Infinity` makes no failure fatal. */
  readonly startupTimeoutMs: number
}
