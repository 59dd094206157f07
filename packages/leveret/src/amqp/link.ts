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
import { ChannelNumbers } from './channel-numbers.js'
import type { ChannelHooks } from './channel-parts.js'
import { brokerReply } from './close-frame.js'
import { type DialledSocket, type DialOptions, dial } from './dial.js'
import { describeEndpoint, type Endpoint, type ServerAddress } from './endpoint.js'
import { SocketBatcher } from './frames/socket-batcher.js'
import type { Login } from './login.js'
import { type Silence, watchSilence } from './silence-watch.js'

const CLOSE_TIMEOUT_MS = 2_000

/** One TCP connection to the broker. Once lost it stays lost. */
export class Link {
  /** Address such as `amqp://ann@broker:5672`, never with a password. */
  readonly address: string
  /** The broker that answered. Another link may reach another node, of another version. */
  readonly broker: BrokerIdentity
  readonly server: ServerAddress
  /** Resolves once, with the reason, when the link ends. */
  readonly lost: Promise<LeveretError>
  readonly #model: amqp.ChannelModel
  readonly #options: DialOptions
  readonly #channels = new Set<Channel>()
  /** Numbers of the channels that the broker has opened. */
  readonly #opened: ReadonlySet<number>
  readonly #numbers = new ChannelNumbers()
  readonly #socket: Socket
  readonly #wire: SocketBatcher
  readonly #socketClosed: Promise<void>
  readonly #stopWatching: () => void
  /** How long the broker has been silent. */
  #silence: () => Silence | undefined = () => undefined
  readonly #over = new AbortController()
  #said: LeveretError | undefined
  #isBlocked = false

  private constructor(
    { model, socket, listen }: DialledSocket,
    endpoint: Endpoint,
    options: DialOptions,
    hooks: LinkHooks,
  ) {
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
      // amqplib waits for the peer to agree to the end. A peer that only sends heartbeats never agrees.
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

  /** Aborted, with the reason, when the link ends. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  /** How many channels the link uses on the broker, or is about to use. */
  get channels(): number {
    return this.#numbers.taken
  }

  /** How many channels the broker had open when it last reported one. */
  get openedChannels(): number {
    return this.#opened.size
  }

  /** @throws {@link ConnectionError} if the link is lost, no answer comes in time, or no channel number is left */
  async openChannel(kind: 'plain' | 'confirm', hooks: ChannelHooks): Promise<Channel> {
    const { whenFree } = this.#numbers
    if (whenFree !== undefined) {
      await within(this.#options.connectTimeoutMs, whenFree, () => this.#late('Opening a channel'))
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
      // The channel may have ended before this line: the broker's answer and its close can come in one read.
      if (!this.signal.aborted) return channel
      channel.abandon(this.signal.reason)
      throw this.signal.reason
    } catch (error) {
      // A channel that opens too late has no user.
      opening.then((raw) => raw.close()).catch(() => undefined)
      if (error instanceof ConnectionError) throw error
      if (isOutOfChannelNumbers(error)) throw outOfNumbers(error, this.#numbers.taken)
      throw this.#said ?? new ConnectionError('lost', 'Opening a channel: the connection was lost', { cause: error })
    }
  }

  async #open(kind: 'plain' | 'confirm'): Promise<amqp.Channel | amqp.ConfirmChannel> {
    const opening = kind === 'confirm' ? this.#model.createConfirmChannel() : this.#model.createChannel()
    return await this.#numbers.take<amqp.Channel>(opening)
  }

  /**
   * Gives the broker a new secret (`connection.update-secret`), so that the connection outlives the old one.
   *
   * It has no time limit: an alarm may delay the answer, and only the broker decides when the old secret expires.
   *
   * @throws {@link ConnectionError} if the link was lost. A broker that refuses the secret closes it
   * @see https://www.rabbitmq.com/amqp-0-9-1-reference#connection.update-secret
   */
  async updateSecret(login: Login): Promise<void> {
    // amqplib's promise stays pending if the connection ends first.
    await unlessAborted(this.signal, this.#model.updateSecret(login.secret(), 'credentials refreshed'))
  }

  /** Resolves when no alarm stops the broker from reading this connection. Rejects if the link is lost. */
  async whenRead(): Promise<void> {
    while (this.#isBlocked) {
      await unlessAborted(this.signal, new Promise((resolve) => this.#model.once('unblocked', resolve)))
    }
  }

  /** Closes with connection.close, or cuts the socket if the broker does not answer in time. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    // amqplib's close waits for close-ok only. A socket that ends first is as good.
    this.#wire.markClosing()
    await atMost(timeoutMs, Promise.race([this.#model.close(), this.lost]))
    this.cut(new ConnectionError('lost', 'The connection was closed by this process'))
    await this.#socketClosed
  }

  /** Ends the link at once. */
  cut(reason: LeveretError): void {
    this.#said ??= reason
    // amqplib stops its timers if the socket fails, but not if it only closes.
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

  /** Closes the socket. amqplib ends its own half at most, and leaves the rest to the peer. */
  async #hangUp(): Promise<void> {
    this.#socket.destroySoon()
    await atMost(CLOSE_TIMEOUT_MS, this.#socketClosed)
    this.#socket.destroy()
  }

  #forget(channel: Channel, hooks: ChannelHooks, reason: LeveretError): void {
    this.#channels.delete(channel)
    // amqplib reuses the number of this channel at once. If amqplib itself writes the frames of this channel, it writes
    // the next channel.open before this close-ok, and the broker closes the connection over that (504).
    if (reason instanceof BrokerError && !channel.isStraight) {
      this.#numbers.holdUntil(async () => await flushed(this.#socket, this.signal))
    }
    hooks.closed?.(reason instanceof ConnectionError ? (this.#said ?? reason) : reason)
  }

  /** Watches the socket: amqplib misses one that closes without an end, and notices silence only after a while. */
  #watch(silenceMs: number): () => void {
    const onClose = (): void => this.cut(new ConnectionError('lost', `${this.address}: the socket closed`))
    this.#socket.once('close', onClose)
    const onSilent = (cause: Silence): void =>
      this.cut(new ConnectionError('lost', `${this.address}: no data was received for ${silenceMs} ms`, { cause }))
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
    // Whatever the reply code means, leveret reconnects, so the error is retryable and no role fails.
    if (reply !== undefined)
      return new BrokerError(`${this.address} closed the connection`, reply, { cause: error, retryable: true })
    const text = error instanceof Error ? error.message : 'closed'
    // In a busy process amqplib may notice the silence first.
    const cause = isHeartbeatTimeout(error) ? (this.#silence() ?? error) : error
    return new ConnectionError('lost', `The connection to ${this.address} was lost: ${text}`, { cause })
  }
}

/** Callbacks of a link to its lane. */
export interface LinkHooks {
  /** Called when the broker raises an alarm (`reason`) or clears it (`undefined`). */
  blocked(reason: string | undefined): void
}
