import { ReplyError } from '../broker/rules/reply-error.js'
import { FRAME, type Frame } from '../wire/frames.js'
import { decodeMethod } from '../wire/method-codec.js'
import type { Method, MethodName } from '../wire/methods.js'
import { decodeContentHeader } from '../wire/properties.js'
import { type ChannelParts, ChannelState } from './channel/channel-state.js'
import type { Command, Commands } from './commands/command.js'
import { consumeCommands } from './commands/consume-commands.js'
import { exchangeCommands } from './commands/exchange-commands.js'
import { modeCommands } from './commands/mode-commands.js'
import { type Publication, publish } from './commands/publishing.js'
import { queueCommands } from './commands/queue-commands.js'
import { settleCommands } from './commands/settle-commands.js'

const COMMANDS: Commands = {
  ...exchangeCommands,
  ...queueCommands,
  ...consumeCommands,
  ...settleCommands,
  ...modeCommands,
}

/** A message that has come only in part. */
interface Incoming {
  /** Whether a fault loses the message. */
  readonly dropped: boolean
  readonly args: Publication['args']
  header: Publication['header'] | undefined
  readonly pieces: Buffer[]
  bytes: number
}

/** Reads the frames of a channel, and carries out their methods. */
export class Channel {
  readonly state: ChannelState
  #incoming: Incoming | undefined
  /** The current method, for the reply if it is refused. */
  #current: MethodName = 'channel.open'

  constructor(parts: ChannelParts) {
    this.state = new ChannelState(parts)
  }

  get current(): MethodName {
    return this.#current
  }

  /**
   * Takes a frame.
   *
   * @param drops - whether a fault loses this method
   * @throws ReplyError if the broker refuses the method
   */
  take(frame: Frame, drops: (method: MethodName) => boolean): void {
    if (frame.type === FRAME.method) this.#takeMethod(decodeMethod(frame.payload), drops)
    else if (frame.type === FRAME.header) this.#takeHeader(frame.payload)
    else this.#takeBody(frame.payload)
  }

  /** Ends the channel with its consumers and deliveries. */
  end(): void {
    this.state.confirms?.flush()
    this.state.end()
    this.#incoming = undefined
  }

  #takeMethod(method: Method, drops: (method: MethodName) => boolean): void {
    if (this.#incoming !== undefined) throw unexpected('header')
    this.#current = method.name
    const dropped = drops(method.name)
    if (method.name === 'basic.publish')
      this.#incoming = { dropped, args: method.args, header: undefined, pieces: [], bytes: 0 }
    else if (!dropped) this.#run(method)
  }

  #run({ name, args }: Method): void {
    const command = COMMANDS[name] as Command<typeof name> | undefined
    if (command === undefined) throw new ReplyError(540, `the memory broker does not implement ${name} from a client`)
    ;(command as (state: ChannelState, args: Method['args']) => void)(this.state, args)
  }

  #takeHeader(payload: Buffer): void {
    const incoming = this.#incoming
    if (incoming === undefined) throw unexpected('method')
    if (incoming.header !== undefined) throw unexpected('body')
    const header = decodeContentHeader(payload)
    if (header.classId !== 60)
      throw new ReplyError(505, `expected content header for class 60, got one for class ${header.classId} instead`)
    const { maxMessageSize, like } = this.state.broker.profile
    if (header.bodySize > maxMessageSize) {
      const words = like === '3.10' ? 'max size' : 'configured max size'
      throw new ReplyError(406, `message size ${header.bodySize} is larger than ${words} ${maxMessageSize}`)
    }
    incoming.header = header
    this.#publishIfWhole(incoming)
  }

  #takeBody(payload: Buffer): void {
    const incoming = this.#incoming
    if (incoming === undefined) throw unexpected('method')
    if (incoming.header === undefined) throw unexpected('header')
    incoming.pieces.push(payload)
    incoming.bytes += payload.length
    this.#publishIfWhole(incoming)
  }

  #publishIfWhole({ dropped, args, header, pieces, bytes }: Incoming): void {
    if (header === undefined || bytes < header.bodySize) return
    this.#incoming = undefined
    if (bytes > header.bodySize) throw new ReplyError(501, 'the content is longer than its header says')
    // `Buffer.concat` copies, so a small message does not keep the whole chunk of the socket alive.
    if (!dropped) publish(this.state, { args, header, body: Buffer.concat(pieces) })
  }
}

function unexpected(expected: 'header' | 'body' | 'method'): ReplyError {
  if (expected === 'header')
    return new ReplyError(505, `expected content header for class 60, got non content header frame instead`)
  if (expected === 'body') return new ReplyError(505, 'expected content body, got non content body frame instead')
  return new ReplyError(505, `expected method frame, got non method frame instead`)
}
