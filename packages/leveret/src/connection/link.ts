import { Duplex } from 'node:stream'
import type { ConnectionOptions as TlsConnectionOptions } from 'node:tls'
import * as amqp from 'amqplib'
import { BrokerError, ConnectionError, type LeveretError } from '../errors.js'
import { atMost, within } from '../timing.js'
import { Channel, type ChannelHooks } from './channel.js'
import { describeEndpoint, type Endpoint } from './endpoint.js'
import { connectFailure, handshakeFailure } from './failure.js'
import { readRefusal } from './handshake.js'
import { brokerReply } from './reply.js'
import { watchSilence } from './silence.js'

/** How to open a link. */
export interface LinkOptions {
  /** Shown by the management UI. */
  readonly name: string
  readonly heartbeatSeconds: number
  /** Covers TCP, TLS and the AMQP handshake together. */
  readonly connectTimeoutMs: number
  readonly tls: TlsConnectionOptions
}

/** What a link tells its lane. */
export interface LinkHooks {
  /** The broker has raised (`reason`) or cleared (`undefined`) an alarm. */
  blocked(reason: string | undefined): void
}

/** One TCP connection to the broker. Once lost it stays lost. */
export class Link {
  /** `amqp://ann@broker:5672`, never with a password. */
  readonly address: string
  /** The broker's version, for example `4.3.6`. */
  readonly brokerVersion: string
  /** Resolves, once, with why it ended. */
  readonly lost: Promise<LeveretError>
  readonly #model: amqp.ChannelModel
  readonly #cut: AbortController
  readonly #replyTimeoutMs: number
  readonly #channels = new Set<Channel>()
  readonly #socketClosed: Promise<void>
  readonly #stopWatching: () => void
  #said: LeveretError | undefined
  #ended: LeveretError | undefined
  #end: (reason: LeveretError) => void = () => undefined

  private constructor(
    model: amqp.ChannelModel,
    cut: AbortController,
    endpoint: Endpoint,
    options: LinkOptions,
    hooks: LinkHooks,
  ) {
    this.#model = model
    this.#cut = cut
    this.#replyTimeoutMs = options.connectTimeoutMs
    this.address = describeEndpoint(endpoint)
    this.brokerVersion = readVersion(model)
    this.lost = new Promise((resolve) => {
      this.#end = (reason) => {
        this.#ended ??= reason
        this.#stopWatching()
        for (const channel of this.#channels) channel.abandon(reason)
        this.#channels.clear()
        resolve(reason)
      }
    })
    const socket = socketOf(model)
    this.#socketClosed = closing(socket)
    this.#stopWatching = this.#watch(socket, (endpoint.heartbeatSeconds ?? options.heartbeatSeconds) * 2_000)
    model.on('error', (error) => {
      this.#said ??= this.#explain(error)
    })
    model.on('close', (error) => this.#end(this.#said ?? this.#explain(error)))
    model.on('blocked', (reason) => hooks.blocked(reason))
    model.on('unblocked', () => hooks.blocked(undefined))
  }

  /** Connects. @throws {@link ConnectionError} with the reason, within `connectTimeoutMs` */
  static async open(endpoint: Endpoint, options: LinkOptions, hooks: LinkHooks, signal: AbortSignal): Promise<Link> {
    const cut = new AbortController()
    const abort = (): void => cut.abort(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const started = performance.now()
    try {
      signal.throwIfAborted()
      const model = await within(options.connectTimeoutMs, dial(endpoint, options, cut.signal), () =>
        timedOut(endpoint, options),
      )
      return new Link(model, cut, endpoint, options, hooks)
    } catch (error) {
      cut.abort(error)
      signal.throwIfAborted()
      const leftMs = options.connectTimeoutMs - (performance.now() - started)
      throw await explainAttempt(error, endpoint, options, { leftMs, signal })
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /** @throws {@link ConnectionError} when the link is lost, or blocked for so long that no answer came */
  async openChannel(kind: 'plain' | 'confirm', hooks: ChannelHooks): Promise<Channel> {
    const late = (): Error =>
      new ConnectionError('timeout', `Opening a channel: no answer within ${this.#replyTimeoutMs} ms`)
    const opening = kind === 'confirm' ? this.#model.createConfirmChannel() : this.#model.createChannel()
    try {
      const raw = await within(this.#replyTimeoutMs, opening, late)
      const channel = new Channel(
        raw,
        { ...hooks, closed: (reason) => this.#forget(channel, hooks, reason) },
        this.#replyTimeoutMs,
      )
      this.#channels.add(channel)
      // It may have ended between the broker's answer and ours: both can come in one read.
      if (this.#ended === undefined) return channel
      channel.abandon(this.#ended)
      throw this.#ended
    } catch (error) {
      // What opens too late nobody will use.
      opening.then((raw) => raw.close()).catch(() => undefined)
      if (error instanceof ConnectionError) throw error
      throw this.#said ?? new ConnectionError('lost', 'Opening a channel: the connection was lost', { cause: error })
    }
  }

  /** Closes with the broker's knowledge; cuts the socket when it does not answer in time. Never rejects. */
  async close(timeoutMs: number): Promise<void> {
    await atMost(timeoutMs, this.#closeModel())
    this.cut(new ConnectionError('lost', 'The connection was closed by this process'))
    await this.#socketClosed
  }

  /** Ends the link at once. */
  cut(reason: LeveretError): void {
    this.#said ??= reason
    this.#cut.abort(reason)
    this.#end(this.#said)
  }

  async #closeModel(): Promise<void> {
    await this.#model.close()
  }

  #forget(channel: Channel, hooks: ChannelHooks, reason: LeveretError): void {
    this.#channels.delete(channel)
    hooks.closed?.(reason instanceof ConnectionError ? (this.#said ?? reason) : reason)
  }

  /** amqplib notices neither a socket that closes without an end nor, for up to three heartbeats, one that falls silent. */
  #watch(socket: Duplex | undefined, silenceMs: number): () => void {
    if (socket === undefined) return () => undefined
    const onClose = (): void => this.cut(new ConnectionError('lost', `${this.address}: the socket closed`))
    socket.once('close', onClose)
    const onSilent = (): void =>
      this.cut(new ConnectionError('lost', `${this.address}: nothing heard for ${silenceMs} ms`))
    const stop = silenceMs === 0 ? (): void => undefined : watchSilence(socket, silenceMs, onSilent)
    return () => {
      stop()
      socket.off('close', onClose)
    }
  }

  #explain(error: unknown): LeveretError {
    const reply = brokerReply(error)
    if (reply !== undefined) return new BrokerError(`${this.address} closed the connection`, reply, { cause: error })
    const text = error instanceof Error ? error.message : 'closed'
    return new ConnectionError('lost', `The connection to ${this.address} was lost: ${text}`, { cause: error })
  }
}

async function dial(endpoint: Endpoint, options: LinkOptions, signal: AbortSignal): Promise<amqp.ChannelModel> {
  const { protocol, host, port, vhost, login } = endpoint
  const heartbeat = endpoint.heartbeatSeconds ?? options.heartbeatSeconds
  // amqplib decodes the vhost even when it comes as a field.
  const fields = { protocol, hostname: host, port, vhost: encodeURIComponent(vhost), heartbeat, ...login.reveal() }
  const clientProperties = { connection_name: options.name, product: 'leveret' }
  // Node.js destroys the socket when the signal aborts: the only documented hold on a socket that amqplib makes.
  const model = await amqp.connect(fields, {
    ...options.tls,
    noDelay: true,
    clientProperties,
    signal,
  } as amqp.SocketOptions)
  model.on('error', () => undefined)
  if (signal.aborted) throw signal.reason
  return model
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

function timedOut(endpoint: Endpoint, { connectTimeoutMs }: LinkOptions): ConnectionError {
  const text = `Cannot connect to ${describeEndpoint(endpoint)}: no AMQP handshake within ${connectTimeoutMs} ms`
  return new ConnectionError('timeout', text)
}

/** Asks the broker a second time, by hand, where amqplib has swallowed its words. */
async function explainAttempt(
  error: unknown,
  endpoint: Endpoint,
  options: LinkOptions,
  { leftMs, signal }: { leftMs: number; signal: AbortSignal },
): Promise<ConnectionError> {
  const swallowed = error instanceof Error && /Expected ConnectionOpenOk/.test(error.message)
  if (!swallowed || leftMs <= 0) return connectFailure(error, endpoint)
  const reply = await readRefusal(endpoint, options.tls, leftMs, signal)
  return reply === undefined ? connectFailure(error, endpoint) : handshakeFailure(reply, endpoint)
}

function readVersion(model: amqp.ChannelModel): string {
  const version: unknown = model.connection.serverProperties.version
  return typeof version === 'string' ? version : Buffer.isBuffer(version) ? version.toString() : 'unknown'
}
