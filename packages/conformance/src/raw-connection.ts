import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import {
  type Arguments,
  decodeMethod,
  encodeFrame,
  encodeMethod,
  FieldTable,
  FRAME,
  type Frame,
  FrameReader,
  type Method,
  type MethodName,
  PROTOCOL_HEADER,
} from '@leveret/memory-broker/wire'
import { complete } from './defaults.js'
import { ClosedError, RawChannel } from './raw-channel.js'
import { Wakeup } from './wakeup.js'

/** Options of {@link RawConnection.open}. */
export interface RawOptions {
  readonly frameMax?: number
  readonly channelMax?: number
  readonly capabilities?: Readonly<Record<string, boolean>>
  readonly password?: string
  readonly user?: string
}

const CAPABILITIES = {
  'basic.nack': true,
  'connection.blocked': true,
  authentication_failure_close: true,
  consumer_cancel_notify: true,
  publisher_confirms: true,
}

/** An AMQP client that adds nothing to the protocol, so that a test sees the broker's own behaviour. */
export class RawConnection {
  readonly #socket: Socket
  readonly #reader = new FrameReader(0)
  readonly #channels = new Map<number, RawChannel>()
  readonly #control: Method[] = []
  readonly #wakeup = new Wakeup()
  #closed: string | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#received(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => this.#end('the connection is gone'))
  }

  /** Connects and logs in. @throws ClosedError if the broker refuses */
  static async open(url: string, options: RawOptions = {}): Promise<RawConnection> {
    const { hostname, port, username, password, pathname } = new URL(url)
    const socket = connect(Number(port || 5672), hostname)
    await once(socket, 'connect')
    const connection = new RawConnection(socket)
    socket.write(PROTOCOL_HEADER)
    await connection.#expect('connection.start')
    const user = options.user ?? decodeURIComponent(username)
    const secret = options.password ?? decodeURIComponent(password)
    connection.send(0, 'connection.start-ok', {
      clientProperties: FieldTable.of({ capabilities: { ...CAPABILITIES, ...options.capabilities } }),
      mechanism: 'PLAIN',
      response: Buffer.from(`\0${user}\0${secret}`),
      locale: 'en_US',
    })
    const { channelMax, frameMax } = await connection.#expect('connection.tune')
    connection.send(0, 'connection.tune-ok', {
      channelMax: options.channelMax ?? channelMax,
      frameMax: options.frameMax ?? frameMax,
    })
    connection.send(0, 'connection.open', { virtualHost: decodeURIComponent(pathname.slice(1)) || '/' })
    await connection.#expect('connection.open-ok')
    return connection
  }

  /** The reply text of the broker's `connection.close`; `undefined` while the connection is open. */
  get closed(): string | undefined {
    return this.#closed
  }

  /** Opens a channel. @param number - its number. @defaultValue the lowest free one */
  async channel(number = this.#freeNumber()): Promise<RawChannel> {
    const channel = new RawChannel(number, {
      send: (name, args) => this.send(number, name, args),
      raw: (type, payload) => this.raw(type, number, payload),
      release: () => this.#channels.delete(number),
    })
    this.#channels.set(number, channel)
    await channel.call('channel.open', {})
    return channel
  }

  send<Name extends MethodName>(channel: number, name: Name, args: Partial<Arguments<Name>>): void {
    this.raw(FRAME.method, channel, encodeMethod(name, complete(name, args)))
  }

  /** Sends a frame of any kind. */
  raw(type: number, channel: number, payload: Buffer): void {
    this.#socket.write(encodeFrame(type, channel, payload))
  }

  /** Sends bytes that need not be a frame. */
  write(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** Resolves with the reply text of the broker's `connection.close`. */
  async untilClosed(): Promise<string> {
    if (this.#closed === undefined) await this.#wakeup.whenSo(() => this.#closed !== undefined)
    return this.#closed ?? ''
  }

  /** Resolves with the next method of a name on channel 0. */
  async control<Name extends MethodName>(name: Name): Promise<Arguments<Name>> {
    return this.#expect(name)
  }

  async close(): Promise<void> {
    if (this.#closed !== undefined) return
    this.send(0, 'connection.close', { replyCode: 200 })
    await this.untilClosed().catch(() => undefined)
    this.#socket.destroy()
  }

  /** Stops reading, like a client that hangs. */
  stopReading(): void {
    this.#socket.pause()
  }

  /** Destroys the socket, without a `connection.close`. */
  drop(): void {
    this.#socket.destroy()
  }

  async #expect<Name extends MethodName>(name: Name): Promise<Arguments<Name>> {
    const find = (): number => this.#control.findIndex((method) => method.name === name)
    if (find() < 0) await this.#wakeup.whenSo(() => find() >= 0 || this.#closed !== undefined)
    const [method] = find() < 0 ? [] : this.#control.splice(find(), 1)
    if (method === undefined) throw new ClosedError(this.#closed ?? '')
    return method.args as Arguments<Name>
  }

  #received(chunk: Buffer): void {
    this.#reader.push(chunk)
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) this.#take(frame)
  }

  #take(frame: Frame): void {
    if (frame.type === FRAME.heartbeat) return
    if (frame.channel !== 0) {
      this.#channels.get(frame.channel)?.take(frame)
      return
    }
    const method = decodeMethod(frame.payload)
    if (method.name === 'connection.close') {
      this.send(0, 'connection.close-ok', {})
      this.#end(method.args.replyText)
    } else if (method.name === 'connection.close-ok') this.#end('')
    else this.#control.push(method)
    this.#wakeup.wake()
  }

  #end(why: string): void {
    if (this.#closed !== undefined) return
    this.#closed = why
    for (const channel of this.#channels.values()) channel.end(why)
    this.#wakeup.wake()
  }

  #freeNumber(): number {
    let number = 1
    while (this.#channels.has(number)) number += 1
    return number
  }
}
