import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type * as amqp from 'amqplib'

/**
 * Everything of amqplib that it does not document and leveret uses: fields, texts of errors, and the order of listeners. It is read in
 * this file and nowhere else. Where a field is missing, leveret does without it, and a process warning says so once.
 */

/** What leveret does without where a field is missing. */
const WITHOUT = {
  'connection.frameMax': 'a message whose properties are larger than a frame closes the connection',
  'connection.accept': 'a delivery on a channel that the broker has just closed closes the connection',
  'connection.recvFrame': 'headers that are nested more than 500 levels deep close the connection',
  'connection.rest': 'headers that are nested more than 500 levels deep close the connection',
  'connection.channels': 'amqplib writes all messages itself, which takes more CPU',
} as const

/** A field of amqplib that it does not document. */
export type AmqplibField = keyof typeof WITHOUT

/** A frame that amqplib has read. */
export interface ReceivedFrame {
  readonly channel: number
  /** The number of the method, if the frame holds one. */
  readonly id?: number
  readonly fields?: { headers?: unknown; [name: symbol]: unknown }
}

/** The stream into which amqplib writes the frames of a channel. It moves them to the socket a turn later. */
export interface Outlet {
  write(chunk: Buffer): boolean
  end(): unknown
}

/** A channel as amqplib numbers and writes it. */
export interface ChannelSeat {
  readonly channel: number
  readonly frameMax: number
  readonly outlet: Outlet
  /** Has amqplib write the frames of the channel into another outlet. */
  replace(outlet: Outlet): void
}

interface Internals {
  readonly frameMax?: unknown
  readonly channels?: readonly ({ buffer?: Partial<Outlet> } | null | undefined)[]
  accept?: (frame: ReceivedFrame) => void
  recvFrame?: () => ReceivedFrame | false
  readonly rest?: unknown
}

const warned = new Set<AmqplibField>()

/** Reads the size of frames that both sides agreed on. @returns `undefined` when the field is missing */
export function frameMaxOf({ connection }: amqp.ChannelModel): number | undefined {
  const { frameMax } = connection as Internals
  return typeof frameMax === 'number' ? frameMax : missing('connection.frameMax')
}

/** Wraps the function that gets each frame which amqplib has read. @returns `false` when the field is missing */
export function wrapAccept(
  { connection }: amqp.ChannelModel,
  wrap: (accept: (frame: ReceivedFrame) => void) => (frame: ReceivedFrame) => void,
): boolean {
  const internals = connection as Internals
  const { accept } = internals
  if (typeof accept !== 'function') return missing('connection.accept') ?? false
  internals.accept = wrap((frame) => accept.call(connection, frame))
  return true
}

/**
 * Wraps the function that reads the next frame. It calls itself when more bytes have come.
 *
 * @param wrap - gets what has come and was not read, besides the function
 * @returns `false` when a field is missing
 */
export function wrapReceive(
  { connection }: amqp.ChannelModel,
  wrap: (receive: () => ReceivedFrame | false, unread: () => Buffer | undefined) => () => ReceivedFrame | false,
): boolean {
  const internals = connection as Internals
  const { recvFrame } = internals
  if (typeof recvFrame !== 'function') return missing('connection.recvFrame') ?? false
  if (!('rest' in internals)) return missing('connection.rest') ?? false
  internals.recvFrame = wrap(
    () => recvFrame.call(connection),
    () => (Buffer.isBuffer(internals.rest) ? internals.rest : undefined),
  )
  return true
}

/** Finds the number and the outlet of a channel that has just been opened. @returns `undefined` when a field is missing */
export function seatOf(raw: amqp.Channel): ChannelSeat | undefined {
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

/** Listens to the broker's answers to publishes before amqplib does. A false tag makes the list of amqplib as long as it says. */
export function onConfirmFirst(
  raw: amqp.Channel,
  listener: (confirm: { readonly deliveryTag: number; readonly multiple: boolean }, accepted: boolean) => void,
): void {
  raw.prependListener('ack', (confirm) => listener(confirm, true))
  raw.prependListener('nack', (confirm) => listener(confirm, false))
}

const CLOSE_FRAME = /(\d{3}) \(([A-Z-]+)\) with message "(.*)"/s

/** Reads the broker's close frame out of an error. @returns `undefined` when the error does not come from a close frame */
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

/** Whether amqplib gave the connection up because nothing was heard for several heartbeats. */
export function isHeartbeatTimeout(error: unknown): boolean {
  return textOf(error) === 'Heartbeat timeout'
}

/** Whether amqplib knows a channel or a connection to be closed. */
export function isIllegalOperation(error: unknown): boolean {
  return error instanceof Error && error.name === 'IllegalOperationError'
}

/** Whether a connection has no channel number left. */
export function isOutOfChannelNumbers(error: unknown): boolean {
  return textOf(error) === 'No channels left to allocate'
}

/** Whether the broker refused the vhost, with a sentence that amqplib does not hand on. */
export function hidesRefusal(error: unknown): boolean {
  return /Expected ConnectionOpenOk/.test(textOf(error))
}

/** Whether what answered does not speak AMQP 0-9-1. @param text - the message of an error */
export function isForeignProtocol(text: string): boolean {
  return /maxFrameSize|protocol header/i.test(text)
}

/** Whether the other side closed the socket in the handshake. @param text - the message of an error */
export function isClosedAbruptly(text: string): boolean {
  return /closed abruptly/.test(text)
}

function isOutlet(outlet: Partial<Outlet> | undefined): outlet is Outlet {
  return typeof outlet?.write === 'function' && typeof outlet.end === 'function'
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : ''
}

/** Warns once in a process. */
function missing(field: AmqplibField): undefined {
  if (warned.has(field)) return
  warned.add(field)
  const text =
    `leveret: amqplib ${version()} has no field ${field} as amqplib 2.3 has it: ${WITHOUT[field]}. ` +
    'Install the version of amqplib that leveret asks for (`npm ls amqplib` shows what is installed)'
  process.emitWarning(text, { type: 'LeveretWarning', code: 'LEVERET_AMQPLIB' })
}

/** amqplib exports no `package.json`, which lies beside its main file. */
function version(): string {
  try {
    const main = createRequire(import.meta.url).resolve('amqplib')
    const { version: found } = JSON.parse(readFileSync(new URL('package.json', `file://${main}`), 'utf8')) as {
      version?: unknown
    }
    return String(found)
  } catch {
    return '(of an unknown version)'
  }
}
