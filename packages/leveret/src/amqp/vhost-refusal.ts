import net from 'node:net'
import tls from 'node:tls'
import { onAbort } from '../async/on-abort.js'
import type { HandshakeReply } from './connect-failure.js'
import { type Endpoint, tlsFor } from './endpoint.js'

const PROTOCOL_HEADER = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1])
const FRAME_END = 0xce
const FRAME_OVERHEAD = 8
const MAX_FRAME_BYTES = 131_072
const CONNECTION = 10
const START = 10
const START_OK = 11
const TUNE = 30
const TUNE_OK = 31
const OPEN = 40
const CLOSE = 50
/** Class, method, code, and the length of the text. */
const MIN_CLOSE_BYTES = 7

/**
 * Opens a connection by hand, only to read why the broker refuses the vhost: amqplib reports a close in answer to
 * `connection.open` without its code and text.
 *
 * @returns the broker's close frame, or `undefined` when it let us in, hung up without a word, or took too long
 * @see https://www.rabbitmq.com/amqp-0-9-1-reference#connection.open
 */
export function readRefusal(
  endpoint: Endpoint,
  tlsOptions: tls.ConnectionOptions,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<HandshakeReply | undefined> {
  const { promise, resolve } = withResolver<HandshakeReply | undefined>()
  const { address: host = endpoint.host, port } = endpoint
  const socket =
    endpoint.protocol === 'amqps'
      ? tls.connect({ ...tlsFor(endpoint, tlsOptions), host, port })
      : net.connect({ host, port })
  const timer = setTimeout(() => socket.destroy(), timeoutMs)
  const callOff = onAbort(signal, () => socket.destroy())
  let received = Buffer.alloc(0)
  socket.once(endpoint.protocol === 'amqps' ? 'secureConnect' : 'connect', () => socket.write(PROTOCOL_HEADER))
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    const step = nextStep(received, endpoint)
    if (step === undefined) return
    received = received.subarray(step.consumed)
    if (step.send !== undefined) socket.write(step.send)
    else {
      resolve(step.reply)
      socket.destroy()
    }
  })
  // A socket that fails has no refusal to tell; the attempt that came before has already been reported.
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    clearTimeout(timer)
    callOff()
    resolve(undefined)
  })
  return promise
}

function withResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

interface Step {
  readonly consumed: number
  readonly send?: Buffer
  readonly reply?: HandshakeReply
}

/** Our answer to the first whole frame in `bytes`; one without `send` ends the conversation. */
function nextStep(bytes: Buffer, endpoint: Endpoint): Step | undefined {
  if (bytes.length < FRAME_OVERHEAD) return undefined
  const size = bytes.readUInt32BE(3)
  const consumed = size + FRAME_OVERHEAD
  if (bytes[0] !== 1 || size > MAX_FRAME_BYTES || size < 4) return { consumed }
  if (bytes.length < consumed) return undefined
  const payload = bytes.subarray(7, 7 + size)
  if (payload.readUInt16BE(0) !== CONNECTION) return { consumed }
  switch (payload.readUInt16BE(2)) {
    case START:
      return { consumed, send: startOk(endpoint) }
    case TUNE:
      return { consumed, send: Buffer.concat([tuneOk(payload), open(endpoint.vhost)]) }
    case CLOSE:
      return size < MIN_CLOSE_BYTES ? { consumed } : { consumed, reply: readClose(payload) }
    default:
      return { consumed }
  }
}

function readClose(payload: Buffer): HandshakeReply {
  const length = payload[6] ?? 0
  return { code: payload.readUInt16BE(4), text: payload.subarray(7, 7 + length).toString('utf8') }
}

/** Client properties (one capability, so that the broker says why it hangs up), mechanism, response, locale. */
function startOk({ login }: Endpoint): Buffer {
  const capabilities = Buffer.concat([shortString('authentication_failure_close'), Buffer.from('t\x01')])
  const properties = Buffer.concat([shortString('capabilities'), Buffer.from('F'), longString(capabilities)])
  const response = longString(login.response())
  return method(START_OK, longString(properties), shortString(login.mechanism), response, shortString('en_US'))
}

/** Channel-max, frame-max and heartbeat as the broker proposes them. */
function tuneOk(tune: Buffer): Buffer {
  return method(TUNE_OK, tune.subarray(4, 12))
}

function open(vhost: string): Buffer {
  return method(OPEN, shortString(vhost), shortString(''), Buffer.from([0]))
}

function method(id: number, ...fields: readonly Buffer[]): Buffer {
  const payload = Buffer.concat([Buffer.from([0, CONNECTION, 0, id]), ...fields])
  const head = Buffer.alloc(7)
  head[0] = 1
  head.writeUInt32BE(payload.length, 3)
  return Buffer.concat([head, payload, Buffer.from([FRAME_END])])
}

function shortString(text: string): Buffer {
  const bytes = Buffer.from(text).subarray(0, 255)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}

function longString(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}
