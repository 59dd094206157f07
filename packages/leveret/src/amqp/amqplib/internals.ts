import nodeModule from 'node:module'
import type * as amqp from 'amqplib'
import { warnOnce } from '../../errors/warn-once.js'
import { HEADER_FRAME } from '../frames/frame-format.js'

/**
 * Everything that leveret uses of amqplib although amqplib does not document it: fields, error texts, and the order of
 * listeners. Only this file reads them. If a field is missing, leveret works without it, and one process warning says
 * so.
 */

/** Consequence of each missing field, for the warning. */
const WITHOUT = {
  'connection.frameMax': 'a message whose properties are larger than a frame closes the connection',
  'connection.accept': 'a delivery on a channel that the broker has just closed closes the connection',
  'connection.recvFrame': 'headers that are nested more than 500 levels deep close the connection',
  'connection.rest': 'headers that are nested more than 500 levels deep close the connection',
  'connection.channels': 'amqplib writes all messages itself, which takes more CPU',
} as const

/** Name of an undocumented field of amqplib. */
export type AmqplibField = keyof typeof WITHOUT

/** A frame that amqplib has read. */
export interface ReceivedFrame {
  readonly channel: number
  /** Number of the method, if the frame holds one. */
  readonly id?: number
  readonly fields?: { headers?: unknown; [name: symbol]: unknown }
}

/** Stream in which amqplib collects the frames of a channel. It moves them to the socket one turn later. */
export interface Outlet {
  write(chunk: Buffer): boolean
  end(): unknown
}

/** Number and outlet of a channel within amqplib. */
export interface ChannelInternals {
  readonly channel: number
  readonly frameMax: number
  readonly outlet: Outlet
  /** Makes amqplib write the frames of the channel into another outlet. */
  replace(outlet: Outlet): void
}

interface Internals {
  readonly frameMax?: unknown
  readonly channels?: readonly ({ buffer?: Partial<Outlet> } | null | undefined)[]
  accept?: (frame: ReceivedFrame) => void
  recvFrame?: () => ReceivedFrame | false
  readonly rest?: unknown
}

/** Reads the `frame_max` of the handshake. @returns `undefined` if the field is missing */
export function frameMaxOf({ connection }: amqp.ChannelModel): number | undefined {
  const { frameMax } = connection as Internals
  return typeof frameMax === 'number' ? frameMax : missing('connection.frameMax')
}

/** Wraps the function that gets each frame that amqplib has read. @returns `false` if the field is missing */
export function wrapAccept(
  { connection }: amqp.ChannelModel,
  wrap: (accept: (frame: ReceivedFrame) => void) => (frame: ReceivedFrame) => void,
): boolean {
  const internals = connection as Internals
  const { accept } = internals
  if (typeof accept !== 'function') return missing('connection.accept') ?? false
  internals.accept = wrap(accept.bind(connection) as typeof accept)
  return true
}

/**
 * Watches the function that reads the next frame, where that is a header frame.
 *
 * @param before - gets the bytes that have not been read. What it returns is passed to `after`
 * @param after - gets the frame that was read from them
 * @returns `false` if a field is missing
 */
export function watchReceive<Seen extends object>(
  { connection }: amqp.ChannelModel,
  before: (unread: Buffer) => Seen | undefined,
  after: (frame: ReceivedFrame, seen: Seen) => void,
): boolean {
  const internals = connection as Internals
  const { recvFrame } = internals
  if (typeof recvFrame !== 'function') return missing('connection.recvFrame') ?? false
  if (!('rest' in internals)) return missing('connection.rest') ?? false
  internals.recvFrame = () => {
    const { rest } = internals
    const seen = rest instanceof Buffer && rest[0] === HEADER_FRAME ? before(rest) : undefined
    const frame = recvFrame.call(connection)
    if (seen !== undefined && frame !== false) after(frame, seen)
    return frame
  }
  return true
}

/** Finds the number and the outlet of a channel that was just opened. @returns `undefined` if a field is missing */
export function channelInternalsOf(raw: amqp.Channel): ChannelInternals | undefined {
  const { ch: channel, connection } = raw as unknown as { readonly ch?: unknown; readonly connection?: Internals }
  const { frameMax, channels } = connection ?? {}
  const entry = typeof channel === 'number' ? (channels?.[channel] ?? {}) : {}
  const { buffer: outlet } = entry
  if (typeof channel !== 'number' || typeof frameMax !== 'number' || !isOutlet(outlet))
    return missing('connection.channels')
  return {
    channel,
    frameMax,
    outlet,
    replace: (other) => {
      entry.buffer = other
    },
  }
}

/** Listens to confirms before amqplib does. amqplib's own listener would grow a list up to any tag of the broker. */
export function onConfirmFirst(
  raw: amqp.Channel,
  listener: (accepted: boolean, confirm: { readonly deliveryTag: number; readonly multiple: boolean }) => void,
): void {
  raw.prependListener('ack', listener.bind(undefined, true))
  raw.prependListener('nack', listener.bind(undefined, false))
}

const CLOSE_FRAME = /(\d{3}) \(([A-Z-]+)\) with message "(.*)"/s

/** Reads the broker's close frame out of an error. @returns `undefined` if the error does not come from one */
export function closeFrameIn(error: unknown): { code: number; name: string; text: string } | undefined {
  const [, code, name = '', text = ''] = CLOSE_FRAME.exec(textOf(error)) ?? []
  return code === undefined ? undefined : { code: Number(code), name, text }
}

/** Reads why the broker ended the handshake. @param text - the message of an error */
export function handshakeEndIn(text: string): { code: number; text: string } | undefined {
  const [, code, said = ''] = /Handshake terminated by server: (\d+) \([A-Z-]+\) with message "(.*)"/s.exec(text) ?? []
  return code === undefined ? undefined : { code: Number(code), text: said }
}

/** Reads which login mechanism the broker does not offer. @param text - the message of an error */
export function missingMechanismIn(text: string): string | undefined {
  return /SASL mechanism (\S+) is not provided/.exec(text)?.[1]
}

/** Whether amqplib closed the connection because nothing was received for several heartbeats. */
export function isHeartbeatTimeout(error: unknown): boolean {
  return textOf(error) === 'Heartbeat timeout'
}

/** Whether amqplib refused a call because the channel or the connection is closed. */
export function isIllegalOperation(error: unknown): boolean {
  return error instanceof Error && error.name === 'IllegalOperationError'
}

/** Whether a connection has no channel number left. */
export function isOutOfChannelNumbers(error: unknown): boolean {
  return textOf(error) === 'No channels left to allocate'
}

/** Whether the broker refused the vhost with a reply text that amqplib does not pass on. */
export function hidesRefusal(error: unknown): boolean {
  return /Expected ConnectionOpenOk/.test(textOf(error))
}

/** Whether the peer does not speak AMQP 0-9-1. @param text - the message of an error */
export function isForeignProtocol(text: string): boolean {
  return /maxFrameSize|protocol header/i.test(text)
}

/** Whether the peer closed the socket during the handshake. @param text - the message of an error */
export function isClosedAbruptly(text: string): boolean {
  return /closed abruptly/.test(text)
}

function isOutlet(outlet: Partial<Outlet> | undefined): outlet is Outlet {
  return typeof outlet?.write === 'function' && typeof outlet.end === 'function'
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
}

/** Warns about a missing field, once in a process. */
function missing(field: AmqplibField): undefined {
  const text =
    `leveret: amqplib ${version()} has no field ${field} as amqplib 2.3 has it: ${WITHOUT[field]}. ` +
    'Install the version of amqplib that leveret depends on (`npm ls amqplib` shows what is installed)'
  warnOnce(field, text, { code: 'LEVERET_AMQPLIB' })
}

/**
 * Reads the version of the amqplib that this process has loaded. amqplib exports no `package.json`, but requires it, so
 * it is among the loaded modules; in a bundle it is not. `import.meta` would keep leveret from being compiled to
 * CommonJS, as Jest and bundlers do.
 */
function version(): string {
  const loaded = Object.entries(nodeModule.createRequire(process.execPath).cache)
  const manifest = loaded.find(([path]) => /[\\/]amqplib[\\/]package\.json$/.test(path))?.[1]
  const { version: found }: { version?: unknown } = Object(manifest?.exports)
  return typeof found === 'string' ? found : '(of an unknown version)'
}
