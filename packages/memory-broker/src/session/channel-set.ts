import type { Broker } from '../broker/broker.js'
import { ReplyError } from '../broker/rules/reply-error.js'
import type { Vhost } from '../broker/vhost.js'
import { FRAME, type Frame } from '../wire/frames.js'
import { decodeMethod, idOf } from '../wire/method-codec.js'
import type { MethodName } from '../wire/methods.js'
import { Channel } from './channel.js'
import type { ConnectionLink } from './socket/host.js'
import type { Output } from './socket/output.js'

/** The class of the methods that open and close a channel. */
const CHANNEL_CLASS = 20

export interface ChannelSetParts {
  readonly connection: ConnectionLink
  readonly broker: Broker
  readonly output: Output
  /** Closes the connection because of an error. */
  readonly fail: (error: unknown) => void
}

/** Holds the channels of a connection. */
export class ChannelSet {
  readonly #parts: ChannelSetParts
  readonly #open = new Map<number, Channel>()
  /** Channels that the broker has closed and the client has not confirmed yet. */
  readonly #closing = new Set<number>()
  #vhost: Vhost | undefined
  #max = 0
  #current: Channel | undefined

  constructor(parts: ChannelSetParts) {
    this.#parts = parts
  }

  /** The method that was carried out last. */
  get current(): MethodName | undefined {
    return this.#current?.current
  }

  all(): Channel[] {
    return [...this.#open.values()]
  }

  /** Allows channels. @param max - the most channels; 0 for no limit */
  open(vhost: Vhost, max: number): void {
    this.#vhost = vhost
    this.#max = max
  }

  /** Takes a frame of a channel. @returns whether it begins a message @throws ReplyError if it costs the connection */
  take(frame: Frame, drops: (method: MethodName) => boolean): boolean {
    if (this.#closing.has(frame.channel)) {
      this.#takeClosing(frame)
      return false
    }
    const channel = this.#open.get(frame.channel)
    if (channel === undefined) {
      this.#openChannel(frame)
      return false
    }
    this.#current = channel
    if (frame.type === FRAME.method && this.#isControl(frame)) return false
    try {
      channel.take(frame, drops)
    } catch (error) {
      this.#failed(channel, error)
    }
    return frame.type === FRAME.method && channel.current === 'basic.publish'
  }

  /** Closes a channel with a reply code. @returns whether the channel was open */
  close(number: number, error: ReplyError): boolean {
    const channel = this.#open.get(number)
    if (channel === undefined) return false
    this.#closeChannel(channel, error)
    return true
  }

  /** Ends all channels: requeues their deliveries, and deletes the exclusive queues of the connection. */
  endAll(): void {
    // All channels are shut before anything is requeued. Otherwise one channel would get what another has just lost.
    const channels = this.all()
    for (const { state } of channels) state.shut()
    for (const channel of channels) channel.end()
    this.#open.clear()
    const vhost = this.#vhost
    if (vhost === undefined) return
    for (const queue of [...vhost.queues.values()]) if (queue.owner === this.#parts.connection) vhost.deleteQueue(queue)
  }

  /** Delivers messages that waited until the client had read. */
  dispatch(): void {
    for (const { state } of this.#open.values()) state.dispatch([...state.consumers.values()].map(({ queue }) => queue))
  }

  #openChannel(frame: Frame): void {
    const { connection, broker, output } = this.#parts
    const method = frame.type === FRAME.method ? decodeMethod(frame.payload) : undefined
    if (method?.name === 'channel.close-ok') return
    if (method?.name !== 'channel.open') throw new ReplyError(504, "expected 'channel.open'")
    const vhost = this.#vhost
    if (vhost === undefined) throw new ReplyError(504, 'the connection is not open')
    if (this.#max > 0 && this.#open.size >= this.#max)
      throw new ReplyError(
        530,
        `number of channels opened (${this.#max}) has reached the negotiated channel_max (${this.#max})`,
      )
    this.#checkUserLimit()
    const channel: Channel = new Channel({
      number: frame.channel,
      connection,
      broker,
      vhost,
      output,
      fail: (error) => this.#failed(channel, error),
    })
    this.#open.set(frame.channel, channel)
    output.send(frame.channel, 'channel.open-ok', { channelId: Buffer.alloc(0) })
  }

  #checkUserLimit(): void {
    const { connection, broker } = this.#parts
    const { 'max-channels': most = -1 } = broker.access.limits(connection.user)
    if (most >= 0 && connection.channelsOfUser >= most)
      throw new ReplyError(
        530,
        `number of channels opened for user '${connection.user}' has reached the maximum allowed user limit of (${most})`,
      )
  }

  /** Handles a method of the channel class. @returns whether the frame held one */
  #isControl(frame: Frame): boolean {
    if (frame.payload.length < 4 || frame.payload.readUInt16BE(0) !== CHANNEL_CLASS) return false
    const method = decodeMethod(frame.payload)
    if (method.name === 'channel.open') throw new ReplyError(504, "second 'channel.open' seen")
    if (method.name !== 'channel.close' && method.name !== 'channel.close-ok') return false
    const channel = this.#open.get(frame.channel)
    this.#open.delete(frame.channel)
    channel?.end()
    if (method.name === 'channel.close') this.#parts.output.send(frame.channel, 'channel.close-ok', {})
    return true
  }

  /** Ignores what a client sent before it read the `channel.close`. */
  #takeClosing(frame: Frame): void {
    if (frame.type !== FRAME.method) return
    const { name } = decodeMethod(frame.payload)
    if (name === 'channel.close-ok') this.#closing.delete(frame.channel)
    else if (name === 'channel.close') this.#parts.output.send(frame.channel, 'channel.close-ok', {})
    else if (name === 'channel.open') throw new ReplyError(504, "second 'channel.open' seen")
  }

  #failed(channel: Channel, error: unknown): void {
    if (error instanceof ReplyError && error.closes === 'channel') this.#closeChannel(channel, error)
    else this.#parts.fail(error)
  }

  #closeChannel(channel: Channel, { code: replyCode, replyText }: ReplyError): void {
    const { number } = channel.state
    if (this.#open.get(number) !== channel) return
    const [classId, methodId] = idOf(channel.current)
    this.#open.delete(number)
    this.#closing.add(number)
    channel.state.note({ kind: 'closed', what: `${replyCode} ${replyText}` })
    channel.end()
    this.#parts.output.send(number, 'channel.close', { replyCode, replyText, classId, methodId })
  }
}
