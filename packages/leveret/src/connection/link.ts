import { setMaxListeners } from 'node:events'
import { Duplex } from 'node:stream'
import type * as amqp from 'amqplib'
import { BrokerError, ConnectionError, type LeveretError } from '../errors.js'
import { atMost, unlessAborted, within } from '../timing.js'
import { type BrokerIdentity, readIdentity } from './broker-identity.js'
import { Channel } from './channel.js'
import { isOutOfNumbers, outOfNumbers } from './channel-errors.js'
import type { ChannelHooks } from './channel-parts.js'
import { boundDepth } from './deep-tables.js'
import { type DialOptions, dial, type Line } from './dial.js'
import { describeEndpoint, type Endpoint } from './endpoint.js'
import { flushed } from './flush.js'
import { Knock } from './knock.js'
import { dropLateFrames } from './late-frames.js'
import type { Login } from './login.js'
import { brokerReply } from './reply.js'
import { type Silence, watchSilence } from './silence.js'
import { frameMaxOf, writeStraight } from './straight.js'
import { Wire } from './wire.js'

const CLOSE_TIMEOUT_MS = 2_000

/** How to open a link. */
export type LinkOptions = DialOptions

/** What a link tells its lane. */
export interface LinkHooks {
  /** The broker has raised (`reason`) or cleared (`undefined`) an alarm. */
  blocked(reason: string | undefined): void
}

/** One TCP connection to the broker. Once lost it stays lost. */
export class Link {
  /** `amqp://ann@broker:5672`, never with a password. */
  readonly address: string
  /** Who answers. Another link may reach another node, of another version. */
  readonly broker: BrokerIdentity
  /** Resolves, once, with why it ended. */
  readonly lost: Promise<LeveretError>
  readonly #model: amqp.ChannelModel
  readonly #cut: AbortController
  readonly #replyTimeoutMs: number
  readonly #channels = new Set<Channel>()
  /** The numbers of those that the broker has opened. */
  readonly #opened: ReadonlySet<number>
  /** Channels being opened, open, or being closed. */
  #taken = 0
  readonly #socket: Duplex | undefined
  readonly #wire: Wire | undefined
  readonly #socketClosed: Promise<void>
  readonly #stopWatching: () => void
  /** How silent the other side is. */
  #silence: () => Silence | undefined = () => undefined
  readonly #over = new AbortController()
  #said: LeveretError | undefined
  /** Resolves when the next channel may be opened. */
  #numbersFree: Promise<void> | undefined
  readonly #knock: Knock

  private constructor({ model, cut }: Line, endpoint: Endpoint, options: LinkOptions, hooks: LinkHooks) {
    this.#model = model
    this.#cut = cut
    this.#replyTimeoutMs = options.connectTimeoutMs
    this.#knock = new Knock(endpoint, options)
    this.address = describeEndpoint(endpoint)
    this.broker = readIdentity(this.address, model.connection.serverProperties)
    setMaxListeners(0, this.signal)
    this.lost = new Promise((resolve) => {
      this.signal.addEventListener('abort', () => resolve(this.signal.reason), { once: true })
    })
    this.#opened = dropLateFrames(model)
    boundDepth(model)
    this.#socket = socketOf(model)
    this.#wire = this.#socket === undefined ? undefined : new Wire(this.#socket)
    this.#socketClosed = closing(this.#socket)
    this.#stopWatching = this.#watch(this.#socket, (endpoint.heartbeatSeconds ?? options.heartbeatSeconds) * 2_000)
    model.on('error', (error) => {
      const said = this.#explain(error)
      this.#said ??= said
      // amqplib waits until the other side agrees to the end, and that may be one that only beats.
      void atMost(CLOSE_TIMEOUT_MS, this.lost).then(() => this.cut(said))
    })
    model.on('close', (error) => this.#end(this.#said ?? this.#explain(error)))
    model.on('blocked', (reason) => hooks.blocked(reason))
    model.on('unblocked', () => hooks.blocked(undefined))
  }

  /** Connects. @throws {@link ConnectionError} with the reason, within `connectTimeoutMs` */
  static async open(endpoint: Endpoint, options: LinkOptions, hooks: LinkHooks, signal: AbortSignal): Promise<Link> {
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
      await within(this.#replyTimeoutMs, this.#numbersFree, () => this.#late('Opening a channel'))
    }
    const opening = this.#open(kind)
    try {
      const raw = await within(this.#replyTimeoutMs, opening, () => this.#late('Opening a channel'))
      const channel = new Channel(raw, {
        hooks: { ...hooks, closed: (reason) => this.#forget(channel, hooks, reason) },
        replyTimeoutMs: this.#replyTimeoutMs,
        onBreach: (reason) => this.cut(reason),
        wouldLetIn: (signal) => this.#knock.isAnswered(signal),
        frameMax: frameMaxOf(this.#model),
        frames: this.#wire === undefined ? undefined : writeStraight(raw, this.#wire),
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
      if (isOutOfNumbers(error)) throw outOfNumbers(error, this.#taken)
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
   * @throws {@link ConnectionError} no answer in time, or the link was lost. A broker that refuses the secret closes the link;
   *   one that does not answer is left, because the answers to two requests could not be told apart
   * @see https://www.rabbitmq.com/amqp-0-9-1-reference#connection.update-secret
   */
  async updateSecret(login: Login): Promise<void> {
    // amqplib's promise stays pending for ever when the connection ends first.
    const renewing = unlessAborted(this.signal, this.#model.updateSecret(login.secret(), 'renewed by its owner'))
    await within(this.#replyTimeoutMs, renewing, () => {
      const late = this.#late('Renewing the secret')
      this.cut(late)
      return late
    })
  }

  /** Closes with the broker's knowledge; cuts the socket when it does not answer in time. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    // amqplib's close waits for close-ok and nothing else; a socket that ends first is as good.
    await atMost(timeoutMs, Promise.race([this.#closeModel(), this.lost]))
    this.cut(new ConnectionError('lost', 'The connection was closed by this process'))
    await this.#socketClosed
  }

  /** Ends the link at once. */
  cut(reason: LeveretError): void {
    this.#said ??= reason
    this.#cut.abort(reason)
    this.#end(this.#said)
  }

  #end(reason: LeveretError): void {
    if (this.signal.aborted) return
    this.#over.abort(reason)
    this.#stopWatching()
    for (const channel of this.#channels) channel.abandon(reason)
    this.#channels.clear()
  }

  async #closeModel(): Promise<void> {
    this.#wire?.over()
    await this.#model.close()
  }

  #forget(channel: Channel, hooks: ChannelHooks, reason: LeveretError): void {
    this.#channels.delete(channel)
    // amqplib gives the next channel this one's number at once, and would write its open before what this one still holds,
    // its close-ok included: the broker answers that by closing the connection (504).
    if (reason instanceof BrokerError && this.#socket !== undefined) {
      const flush = flushed.bind(undefined, this.#socket, this.signal)
      this.#numbersFree = this.#numbersFree?.then(flush) ?? flush()
    }
    hooks.closed?.(reason instanceof ConnectionError ? (this.#said ?? reason) : reason)
  }

  /** amqplib notices neither a socket that closes without an end nor, for up to three heartbeats, one that falls silent. */
  #watch(socket: Duplex | undefined, silenceMs: number): () => void {
    if (socket === undefined) return () => undefined
    const onClose = (): void => this.cut(new ConnectionError('lost', `${this.address}: the socket closed`))
    socket.once('close', onClose)
    const onSilent = (cause: Silence): void =>
      this.cut(new ConnectionError('lost', `${this.address}: nothing heard for ${silenceMs} ms`, { cause }))
    const watch = silenceMs === 0 ? undefined : watchSilence(socket, silenceMs, onSilent)
    this.#silence = () => watch?.now()
    return () => {
      watch?.stop()
      socket.off('close', onClose)
    }
  }

  #late(operation: string): ConnectionError {
    return new ConnectionError('timeout', `${operation}: no answer within ${this.#replyTimeoutMs} ms`)
  }

  #explain(error: unknown): LeveretError {
    const reply = brokerReply(error)
    // Whatever it was, another connection follows, and no role is refused over it.
    if (reply !== undefined)
      return new BrokerError(`${this.address} closed the connection`, reply, { cause: error, retryable: true })
    const text = error instanceof Error ? error.message : 'closed'
    // A busy process may find amqplib the first to notice.
    const cause = text === 'Heartbeat timeout' ? (this.#silence() ?? error) : error
    return new ConnectionError('lost', `The connection to ${this.address} was lost: ${text}`, { cause })
  }
}

/**
 * amqplib's socket, through a field it does not document. Without it, amqplib's own heartbeat still ends a dead link.
 */
function socketOf(model: amqp.ChannelModel): Duplex | undefined {
  const { stream } = model.connection as { stream?: unknown }
  return stream instanceof Duplex ? stream : undefined
}

async function closing(socket: Duplex | undefined): Promise<void> {
  if (socket !== undefined && !socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}
