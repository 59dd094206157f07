import {
  type Arguments,
  decodeContentHeader,
  decodeMethod,
  encodeContentHeader,
  encodeProperties,
  type FieldValue,
  FRAME,
  type Frame,
  type Method,
  type MethodName,
  type Properties,
} from '@leveret/memory-broker/wire'
import { Wakeup } from './wakeup.js'

/** The error when the broker has closed the channel or the connection. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError'
}

/** A message that came from the broker. */
export interface RawMessage {
  readonly method: Method
  readonly body: string
  readonly properties: Properties
  readonly headers: Readonly<Record<string, FieldValue>>
}

/** The part of a connection that its channels use. */
export interface ChannelPort {
  send<Name extends MethodName>(name: Name, args: Partial<Arguments<Name>>): void
  raw(type: number, payload: Buffer): void
  release(): void
}

/** Answers whose name is not that of the request with `-ok`. */
const OTHER_ANSWERS: Readonly<Record<string, string>> = { 'basic.get-empty': 'basic.get' }
const BODY_PIECE = 4_000

/** A channel of a {@link RawConnection}. */
export class RawChannel {
  readonly number: number
  /** Everything that came and was not an answer, in order. */
  readonly events: RawMessage[] = []
  readonly #port: ChannelPort
  readonly #answers: RawMessage[] = []
  #content: { method: Method; header: ReturnType<typeof decodeContentHeader> | undefined; pieces: Buffer[] } | undefined
  #closed: string | undefined
  readonly #wakeup = new Wakeup()

  constructor(number: number, port: ChannelPort) {
    this.number = number
    this.#port = port
  }

  get closed(): string | undefined {
    return this.#closed
  }

  /** Sends a command, and resolves with its answer. @throws ClosedError if the broker refuses it */
  async call<Name extends MethodName>(name: Name, args: Partial<Arguments<Name>>): Promise<RawMessage> {
    this.send(name, args)
    const isAnswer = ({ method }: RawMessage): boolean =>
      method.name === `${name}-ok` || OTHER_ANSWERS[method.name] === name
    return this.#take(this.#answers, isAnswer)
  }

  send<Name extends MethodName>(name: Name, args: Partial<Arguments<Name>>): void {
    this.#port.send(name, args)
  }

  /** Sends a frame of any kind. */
  raw(type: number, payload: Buffer): void {
    this.#port.raw(type, payload)
  }

  publish(args: Partial<Arguments<'basic.publish'>>, body: string | Buffer, properties: Properties = {}): void {
    const bytes = Buffer.from(body)
    this.send('basic.publish', args)
    this.raw(FRAME.header, encodeContentHeader(bytes.length, encodeProperties(properties)))
    for (let from = 0; from < bytes.length; from += BODY_PIECE)
      this.raw(FRAME.body, bytes.subarray(from, from + BODY_PIECE))
  }

  /** Resolves with the next event of a name, such as `basic.deliver`. */
  async event(name: MethodName): Promise<RawMessage> {
    return this.eventOf([name])
  }

  /** Resolves with the next event of one of these names. */
  async eventOf(names: readonly MethodName[]): Promise<RawMessage> {
    return this.#take(this.events, ({ method }) => names.includes(method.name))
  }

  /** Takes the events of a name that have come. */
  takeEvents(name: MethodName): RawMessage[] {
    const taken = this.events.filter(({ method }) => method.name === name)
    const left = this.events.filter(({ method }) => method.name !== name)
    this.events.splice(0, this.events.length, ...left)
    return taken
  }

  /** Resolves with the reply text of the broker's `channel.close`. */
  async untilClosed(): Promise<string> {
    await this.#wakeup.whenSo(() => this.#closed !== undefined)
    return this.#closed ?? ''
  }

  async close(): Promise<void> {
    await this.call('channel.close', { replyCode: 200 })
    this.#port.release()
  }

  take(frame: Frame): void {
    if (frame.type === FRAME.method) this.#takeMethod(decodeMethod(frame.payload))
    else this.#takeContent(frame)
    this.#wakeup.wake()
  }

  end(why: string): void {
    this.#closed ??= why
    this.#wakeup.wake()
  }

  #takeMethod(method: Method): void {
    if (method.name === 'channel.close') {
      this.send('channel.close-ok', {})
      this.end(method.args.replyText)
      this.#port.release()
    } else if (hasContent(method)) this.#content = { method, header: undefined, pieces: [] }
    else this.#arrived({ method, body: '', properties: {}, headers: {} })
  }

  #takeContent({ type, payload }: Frame): void {
    const content = this.#content
    if (content === undefined) return
    if (type === FRAME.header) content.header = decodeContentHeader(payload)
    else content.pieces.push(payload)
    const { method, header, pieces } = content
    const body = Buffer.concat(pieces)
    if (header === undefined || body.length < header.bodySize) return
    this.#content = undefined
    const { properties } = header
    this.#arrived({ method, body: body.toString(), properties, headers: properties.headers?.toObject() ?? {} })
  }

  #arrived(message: RawMessage): void {
    const { name } = message.method
    const isAnswer = name.endsWith('-ok') || name === 'basic.get-empty'
    ;(isAnswer ? this.#answers : this.events).push(message)
  }

  async #take(from: RawMessage[], isIt: (message: RawMessage) => boolean): Promise<RawMessage> {
    await this.#wakeup.whenSo(() => from.some(isIt) || this.#closed !== undefined)
    const index = from.findIndex(isIt)
    const [message] = index < 0 ? [] : from.splice(index, 1)
    if (message === undefined) throw new ClosedError(this.#closed ?? '')
    return message
  }
}

function hasContent({ name }: Method): boolean {
  return name === 'basic.deliver' || name === 'basic.return' || name === 'basic.get-ok'
}
