import type { Socket } from 'node:net'
import type { LogKind } from '../broker/log.js'
import { type ReplyCode, ReplyError } from '../broker/rules/reply-error.js'
import type { Vhost } from '../broker/vhost.js'
import { FRAME, type Frame, FrameReader, PROTOCOL_HEADER } from '../wire/frames.js'
import { decodeMethod, idOf } from '../wire/method-codec.js'
import type { Method, MethodName } from '../wire/methods.js'
import { ChannelSet } from './channel-set.js'
import { Greeting, LoginError } from './greeting.js'
import { Identity } from './identity.js'
import { Blocking } from './socket/blocking.js'
import { Heartbeat } from './socket/heartbeat.js'
import type { SessionHost } from './socket/host.js'
import { Output } from './socket/output.js'
import { replyOf } from './socket/reply-of.js'

/** How long a client has for the handshake, and for its answer to a `connection.close`. */
const PATIENCE_MS = 10_000

type Stage = 'header' | 'greeting' | 'running' | 'closing' | 'closed'

/** A client's connection, from its first byte to its last. */
export class Connection {
  readonly identity: Identity
  readonly channels: ChannelSet
  readonly #socket: Socket
  readonly #host: SessionHost
  readonly #reader: FrameReader
  readonly #output: Output
  readonly #greeting: Greeting
  readonly #blocking: Blocking
  readonly #heartbeat = new Heartbeat()
  readonly #ended: () => void
  readonly #patience: NodeJS.Timeout
  #stage: Stage = 'header'
  #current: MethodName | undefined

  /** @param ended - called once, when the connection has ended */
  constructor(socket: Socket, host: SessionHost, ended: () => void) {
    this.#socket = socket
    this.#host = host
    this.#ended = ended
    const { remoteAddress, remotePort, localAddress, localPort } = socket
    this.identity = new Identity(`${remoteAddress}:${remotePort} -> ${localAddress}:${localPort}`, host)
    this.#reader = new FrameReader(host.broker.profile.handshakeFrameMax)
    this.#output = new Output(socket, {
      sent: () => host.touched(),
      drained: () => host.broker.guarded(() => this.channels.dispatch()),
    })
    this.#greeting = new Greeting(host, this.#output)
    this.channels = new ChannelSet({
      connection: this.identity,
      broker: host.broker,
      output: this.#output,
      fail: (error) => this.#failed(error),
    })
    this.#blocking = new Blocking({
      broker: host.broker,
      output: this.#output,
      isTold: () => this.identity.can('connection.blocked'),
      socket,
      resumed: () => this.#work(),
    })
    this.#patience = setTimeout(() => this.#destroy(), PATIENCE_MS)
    this.#patience.unref()
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#received(chunk))
    for (const end of ['error', 'close', 'end']) socket.on(end, () => this.#destroy())
  }

  /** Whether the client has logged in, and the connection is not closing. */
  get isOpen(): boolean {
    return this.#stage === 'running'
  }

  get isBlocked(): boolean {
    return this.#blocking.isBlocked
  }

  /** Whether bytes wait to be written. */
  get isBusy(): boolean {
    return this.#output.isBusy
  }

  /** Closes the connection with a reply code, as an operator would. */
  close(code: ReplyCode, text: string): void {
    this.#close(new ReplyError(code, text, 'connection'))
  }

  /** Resets the socket, without a `connection.close`. */
  drop(): void {
    this.#socket.resetAndDestroy()
    this.#destroy()
  }

  /** Stops reading and writing, or starts both again. */
  setPaused(isPaused: boolean): void {
    this.#output.setPaused(isPaused)
    if (isPaused) this.#socket.pause()
    else if (!this.isBlocked) this.#socket.resume()
  }

  #received(chunk: Buffer): void {
    this.#host.touched()
    this.#reader.push(chunk)
    this.#work()
    this.#output.plan()
  }

  #work(): void {
    try {
      if (this.#stage === 'header' && !this.#readHeader()) return
      while (this.#stage !== 'closed' && !this.isBlocked) {
        const frame = this.#reader.next()
        if (frame === undefined) return
        this.#take(frame)
      }
    } catch (error) {
      this.#failed(error)
    }
  }

  /** @returns whether the client speaks the protocol, as far as is known yet */
  #readHeader(): boolean {
    const header = this.#reader.take(PROTOCOL_HEADER.length)
    if (header === undefined) return false
    const isRight = this.#greeting.begin(header)
    this.#stage = isRight ? 'greeting' : 'closed'
    if (!isRight) this.#finish(false)
    return isRight
  }

  #take(frame: Frame): void {
    if (frame.type === FRAME.heartbeat) return
    if (frame.channel === 0) this.#control(frame)
    else if (this.#stage === 'running') {
      const published = this.channels.take(frame, (method) => this.#drops(method))
      if (published) this.#blocking.published()
    } else if (this.#stage !== 'closing') throw new ReplyError(504, 'a channel before the connection is open')
  }

  #drops(method: MethodName): boolean {
    const dropped = this.#host.faults.drops(method)
    if (dropped) this.#note('fault', `${method} was dropped`)
    return dropped
  }

  #control(frame: Frame): void {
    if (frame.type !== FRAME.method) throw new ReplyError(505, 'content on channel 0')
    const method = decodeMethod(frame.payload)
    this.#current = method.name
    if (method.name === 'connection.close') this.#finish(true)
    else if (method.name === 'connection.close-ok') this.#finish(false)
    else if (this.#stage === 'closing') return
    else if (this.#stage === 'greeting') this.#greet(method)
    else if (method.name === 'connection.update-secret') this.#updateSecret()
    else throw new ReplyError(503, `${method.name} is not allowed on channel 0`)
  }

  #updateSecret(): void {
    this.#output.send(0, 'connection.update-secret-ok', {})
    this.#note('renewed', 'updated secret')
  }

  #note(kind: LogKind, what: string): void {
    const { name, vhost } = this.identity
    this.#host.broker.log.add({ kind, connection: name, vhost, what })
  }

  #greet(method: Method): void {
    const agreement = this.#greeting.take(method)
    if (method.name === 'connection.tune-ok') this.#reader.frameMax = method.args.frameMax
    if (agreement === undefined) return
    const { broker } = this.#host
    this.identity.loggedIn(agreement)
    this.#reader.frameMax = agreement.frameMax
    this.#output.frameMax = agreement.frameMax
    this.#stage = 'running'
    clearTimeout(this.#patience)
    this.channels.open(broker.vhosts.get(agreement.vhost) as Vhost, agreement.channelMax)
    this.#heartbeat.start(agreement.heartbeatSeconds, {
      socket: this.#socket,
      output: this.#output,
      isBlocked: () => this.isBlocked,
      silent: () => this.drop(),
    })
    this.#blocking.start()
    this.#note('connected', agreement.user)
  }

  /** Ends the connection because of an error: silently, at once, or with a `connection.close`. */
  #failed(error: unknown): void {
    if (error instanceof LoginError && !error.isReadable) this.#socket.end()
    else if (this.#stage === 'closing') this.#destroy()
    else this.#close(error instanceof LoginError ? error.reply : replyOf(error))
  }

  #close(error: ReplyError): void {
    if (this.#stage === 'closing' || this.#stage === 'closed') return
    const { code: replyCode, replyText } = error
    const [classId, methodId] = this.#methodOf(error)
    this.#note('closed', `${replyCode} ${replyText}`)
    this.#stage = 'closing'
    this.#blocking.stop()
    this.channels.endAll()
    this.#output.send(0, 'connection.close', { replyCode, replyText, classId, methodId })
    this.#socket.resume()
    setTimeout(() => this.#destroy(), PATIENCE_MS).unref()
  }

  #methodOf(error: ReplyError): readonly [number, number] {
    if (error.code === 320) return [0, 0]
    const method = this.channels.current ?? this.#current
    return method === undefined ? [0, 0] : idOf(method)
  }

  /** Ends the connection. The client closes the socket; if it does not, the broker does. */
  #finish(isAsked: boolean): void {
    this.channels.endAll()
    if (isAsked) this.#output.send(0, 'connection.close-ok', {})
    this.#output.flush()
    this.#socket.end()
    this.#stage = 'closed'
    setTimeout(() => this.#destroy(), 1_000).unref()
  }

  #destroy(): void {
    this.#socket.destroy()
    clearTimeout(this.#patience)
    this.#heartbeat.stop()
    this.#blocking.stop()
    this.#stage = 'closed'
    this.channels.endAll()
    this.#ended()
  }
}
