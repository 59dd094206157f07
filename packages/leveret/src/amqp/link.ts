import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'
import type * as amqp from 'amqplib'
import { atMost, unlessAborted, within } from '../async/timing.js'
import { BrokerError } from '../errors/broker-error.js'
import { ConnectionError } from '../errors/connection-error.js'
import type { LeveretError } from '../errors/leveret-error.js'
import { writeStraight } from './amqplib/channel-outlet.js'
import { watchHeaders } from './amqplib/deep-tables.js'
import { closed, flushed } from './amqplib/flush.js'
import { frameMaxOf, isHeartbeatTimeout, isOutOfChannelNumbers } from './amqplib/internals.js'
import { dropLateFrames } from './amqplib/late-frames.js'
import { backlogOf } from './backlog.js'
import { type BrokerIdentity, readIdentity } from './broker-identity.js'
import { Channel } from './channel.js'
import { outOfNumbers } from './channel-errors.js'
import type { ChannelHooks } from './channel-parts.js'
import { brokerReply } from './close-frame.js'
import { type DialOptions, dial, type Line } from './dial.js'
import { describeEndpoint, type Endpoint, type ServerAddress } from './endpoint.js'
import { SocketBatcher } from './frames/socket-batcher.js'
import type { Login } from './login.js'
import { type Silence, watchSilence } from './silence-watch.js'

const CLOSE_TIMEOUT_MS = 2_000

/** One TCP connection to the broker. Once lost it stays lost. */
export class Link {
  /** `amqp://ann@broker:5672`, never with a password. */
  readonly address: string
  /** Who answers. Another link may reach another node, of another version. */
  readonly broker: BrokerIdentity
  readonly server: ServerAddress
  /** Resolves, once, with why it ended. */
  readonly lost: Promise<LeveretError>
  readonly #model: amqp.ChannelModel
  readonly #options: DialOptions
  readonly #channels = new Set<Channel>()
  /** The numbers of those that the broker has opened. */
  readonly #opened: ReadonlySet<number>
  /** Channels being opened, open, or being closed. */
  #taken = 0
  readonly #socket: Socket
  readonly #wire: SocketBatcher
  readonly #socketClosed: Promise<void>
  readonly #stopWatching: () => void
  /** How silent the other side is. */
  #silence: () => Silence | undefined = () => undefined
  readonly #over = new AbortController()
  #said: LeveretError | undefined
  #isBlocked = false
  /** Resolves when the next channel may be opened. */
  #numbersFree: Promise<void> | undefined

  private constructor({ model, socket, listen }: Line, endpoint: Endpoint, options: DialOptions, hooks: LinkHooks) {
    this.#model = model
    this.#socket = socket
    this.#options = options
    this.address = describeEndpoint(endpoint)
    this.server = { address: endpoint.host, port: endpoint.port }
    this.broker = readIdentity(this.address, model.connection.serverProperties)
    setMaxListeners(0, this.signal)
    this.lost = new Promise((resolve) => {
      this.signal.addEventListener('abort', () => resolve(this.signal.reason), { once: true })
    })
    this.#opened = dropLateFrames(model)
    watchHeaders(model)
    this.#wire = new SocketBatcher(socket)
    this.#socketClosed = closed(socket)
    this.#stopWatching = this.#watch((endpoint.heartbeatSeconds ?? options.heartbeatSeconds) * 2_000)
    model.on('error', (error) => {
      const said = this.#explain(error)
      this.#said ??= said
      // amqplib waits until the other side agrees to the end, and that may be one that only beats.
      void atMost(CLOSE_TIMEOUT_MS, this.lost).then(() => this.cut(said))
    })
    model.on('close', (error) => this.#end(this.#said ?? this.#explain(error)))
    const onBlocked = (reason?: string): void => {
      this.#isBlocked = reason !== undefined
      hooks.blocked(reason)
    }
    model.on('blocked', onBlocked).on('unblocked', onBlocked)
    listen()
  }

  /** Connects. @throws {@link ConnectionError} with the reason, within `connectTimeoutMs` */
  static async open(endpoint: Endpoint, options: DialOptions, hooks: LinkHooks, signal: AbortSignal): Promise<Link> {
    return new Link(await dial(endpoint, options, signal), endpoint, options, hooks)
  }

  /** Aborted, with the reason, when it ends. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** Channels that it takes on the broker, or soon will. */
  get channels(): number {
    return this.#taken
  }

  /** Channels that the broker had opened when it was last heard of. */
  get openedChannels(): number {
    return this.#opened.size
  }

  /** @throws {@link ConnectionError} when the link is lost, blocked for so long that no answer came, or has no number left */
  async openChannel(kind: 'plain' | 'confirm', hooks: ChannelHooks): Promise<Channel> {
    if (this.#numbersFree !== undefined) {
      await within(this.#options.connectTimeoutMs, this.#numbersFree, () => this.#late('Opening a channel'))
    }
    const opening = this.#open(kind)
    try {
      const raw = await within(this.#options.connectTimeoutMs, opening, () => this.#late('Opening a channel'))
      const channel = new Channel(raw, {
        hooks: { ...hooks, closed: (reason) => this.#forget(channel, hooks, reason) },
        replyTimeoutMs: this.#options.connectTimeoutMs,
        onBreach: (reason) => this.cut(reason),
        backlog: backlogOf(this.#socket, this.signal),
        frameMax: frameMaxOf(this.#model),
        frames: writeStraight(raw, this.#wire),
        tracers: this.#options.tracers,
      })
      this.#channels.add(channel)
      // It may have ended between the broker's answer and ours: both can come in one read.
      if (!this.signal.aborted) return channel
      channel.abandon(this.signal.reason)
      throw this.signal.reason
    } catch (error) {
      // What opens too late nobody will use.
      opening.then((raw) => raw.close()).catch(() => undefined)
      if (error instanceof ConnectionError) throw error
      if (isOutOfChannelNumbers(error)) throw outOfNumbers(error, this.#taken)
      throw this.#said ?? new ConnectionError('lost', 'Opening a channel: the connection was lost', { cause: error })
    }
  }

  async #open(kind: 'plain' | 'confirm'): Promise<amqp.Channel | amqp.ConfirmChannel> {
    this.#taken += 1
    try {
      const raw = await (kind === 'confirm' ? this.#model.createConfirmChannel() : this.#model.createChannel())
      raw.once('close', () => {
        this.#taken -= 1
      })
      return raw
    } catch (error) {
      this.#taken -= 1
      throw error
    }
  }

  /**
   * Gives the broker a new secret, so that it keeps the connection when the old one expires.
   *
   * It waits as long as the answer takes: an alarm may hold it up, and only the broker decides when the old secret has expired.
   *
   * @throws {@link ConnectionError} the link was lost. A broker that refuses the secret closes it
   * @see https://www.rabbitmq.com/amqp-0-9-1-reference#connection.update-secret
   */
  async updateSecret(login: Login): Promise<void> {
    // amqplib's promise stays pending when the connection ends first.
    await unlessAborted(this.signal, this.#model.updateSecret(login.secret(), 'renewed by its owner'))
  }

  /** Resolves when the broker reads what we send: at once, or when the alarm has ended that stops it. Rejects when the link is lost. */
  async whenRead(): Promise<void> {
    while (this.#isBlocked) {
      await unlessAborted(this.signal, new Promise((resolve) => this.#model.once('unblocked', resolve)))
    }
  }

  /** Closes with the broker's knowledge; cuts the socket when it does not answer in time. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    // amqplib's close waits for close-ok and nothing else; a socket that ends first is as good.
    this.#wire.over()
    await atMost(timeoutMs, Promise.race([this.#model.close(), this.lost]))
    this.cut(new ConnectionError('lost', 'The connection was closed by this process'))
    await this.#socketClosed
  }

  /** Ends the link at once. */
  cut(reason: LeveretError): void {
    this.#said ??= reason
    // amqplib lets go of its timers when the socket fails, not when it only closes.
    this.#socket.destroy(reason)
    this.#end(this.#said)
  }

  #end(reason: LeveretError): void {
    if (this.signal.aborted) return
    this.#over.abort(reason)
    this.#stopWatching()
    for (const channel of this.#channels) channel.abandon(reason)
    this.#channels.clear()
    void this.#hangUp()
  }

  /** amqplib ends its half of the socket at most, and leaves it to the other side to close it. */
  async #hangUp(): Promise<void> {
    this.#socket.destroySoon()
    await atMost(CLOSE_TIMEOUT_MS, this.#socketClosed)
    this.#socket.destroy()
  }

  #forget(channel: Channel, hooks: ChannelHooks, reason: LeveretError): void {
    this.#channels.delete(channel)
    // amqplib gives the next channel the number of this one at once. Where amqplib itself writes the frames of this channel, it writes
    // the open of the next one before the close-ok of this one, and the broker closes the connection over that (504).
    if (reason instanceof BrokerError && !channel.isStraight) {
      const flush = flushed.bind(undefined, this.#socket, this.signal)
      this.#numbersFree = this.#numbersFree?.then(flush) ?? flush()
    }
    hooks.closed?.(reason instanceof ConnectionError ? (this.#said ?? reason) : reason)
  }

  /** amqplib notices neither a socket that closes without an end nor, for up to three heartbeats, one that falls silent. */
  #watch(silenceMs: number): () => void {
    const onClose = (): void => this.cut(new ConnectionError('lost', `${this.address}: the socket closed`))
    this.#socket.once('close', onClose)
    const onSilent = (cause: Silence): void =>
      this.cut(new ConnectionError('lost', `${this.address}: nothing heard for ${silenceMs} ms`, { cause }))
    const watch = silenceMs === 0 ? undefined : watchSilence(this.#socket, silenceMs, onSilent)
    this.#silence = () => watch?.now()
    return () => {
      watch?.stop()
      this.#socket.off('close', onClose)
    }
  }

  #late(operation: string): ConnectionError {
    return new ConnectionError('timeout', `${operation}: no answer within ${this.#options.connectTimeoutMs} ms`)
  }

  #explain(error: unknown): LeveretError {
    const reply = brokerReply(error)
    // Whatever it was, another connection follows, and no role is refused over it.
    if (reply !== undefined)
      return new BrokerError(`${this.address} closed the connection`, reply, { cause: error, retryable: true })
    const text = error instanceof Error ? error.message : 'closed'
    // A busy process may find amqplib the first to notice.
    const cause = isHeartbeatTimeout(error) ? (this.#silence() ?? error) : error
    return new ConnectionError('lost', `The connection to ${this.address} was lost: ${text}`, { cause })
  }
}

/** What a link tells its lane. */
export interface LinkHooks {
  /** The broker has raised (`reason`) or cleared (`undefined`) an alarm. */
  blocked(reason: string | undefined): void
}
