import type { Socket } from 'node:net'
import type { ConnectionOptions as TlsConnectionOptions } from 'node:tls'
import * as amqp from 'amqplib'
import { onAbort } from '../async/on-abort.js'
import { within } from '../async/timing.js'
import { ConnectionError } from '../errors/connection-error.js'
import { hidesRefusal } from './amqplib/internals.js'
import { catchSocket, holdBack } from './amqplib/socket.js'
import { connectFailure, handshakeFailure } from './connect-failure.js'
import { describeEndpoint, type Endpoint, tlsFor } from './endpoint.js'
import type { OtherTracers } from './other-tracers.js'
import { readRefusal } from './vhost-refusal.js'

/** Options of {@link dial}. */
export interface DialOptions {
  /** Name of the connection in the management UI. */
  readonly name: string
  readonly heartbeatSeconds: number
  /** The most milliseconds for TCP, TLS and the AMQP handshake together. */
  readonly connectTimeoutMs: number
  readonly tls: TlsConnectionOptions
  readonly tracers: OtherTracers
}

/** An open connection: amqplib's, and its socket. */
export interface DialledSocket {
  readonly model: amqp.ChannelModel
  readonly socket: Socket
  /** Lets amqplib read past the handshake. Call it once all listeners are attached. */
  listen(): void
}

/**
 * Connects once, through TCP, TLS and the AMQP handshake.
 *
 * @throws {@link ConnectionError} with the reason, within `connectTimeoutMs`; the signal's reason. Nothing stays open
 */
export async function dial(endpoint: Endpoint, options: DialOptions, signal: AbortSignal): Promise<DialledSocket> {
  signal.throwIfAborted()
  const started = performance.now()
  const { connecting, socket } = catchSocket(endpoint.protocol, () => connect(endpoint, options))
  if (socket === undefined) throw connectFailure(await connecting.catch((error: unknown) => error), endpoint)
  const listen = holdBack(socket)
  const callOff = onAbort(signal, () => socket.destroy(signal.reason))
  try {
    const model = await within(options.connectTimeoutMs, connecting, () => timedOut(endpoint, options))
    model.on('error', () => undefined)
    signal.throwIfAborted()
    return { model, socket, listen }
  } catch (error) {
    socket.destroy(error as Error)
    signal.throwIfAborted()
    const leftMs = options.connectTimeoutMs - (performance.now() - started)
    throw await explain(error, endpoint, options, { leftMs, signal })
  } finally {
    callOff()
  }
}

function connect(endpoint: Endpoint, options: DialOptions): Promise<amqp.ChannelModel> {
  const { protocol, address = endpoint.host, port, vhost, login } = endpoint
  const heartbeat = endpoint.heartbeatSeconds ?? options.heartbeatSeconds
  // amqplib decodes the vhost even if it gets it as a field.
  const fields = { protocol, hostname: address, port, vhost: encodeURIComponent(vhost), heartbeat }
  return amqp.connect(fields, {
    ...tlsFor(endpoint, options.tls),
    noDelay: true,
    credentials: { mechanism: login.mechanism, response: () => login.response() },
    clientProperties: { connection_name: options.name, product: 'leveret' },
  } as amqp.SocketOptions)
}

function timedOut(endpoint: Endpoint, { connectTimeoutMs }: DialOptions): ConnectionError {
  const where = endpoint.address === undefined ? '' : ` from ${endpoint.address}`
  const text = `no AMQP handshake within ${connectTimeoutMs} ms${where}`
  return new ConnectionError('timeout', `Cannot connect to ${describeEndpoint(endpoint)}: ${text}`)
}

/** Connects a second time, without amqplib, to read the reply text that amqplib did not report. */
async function explain(
  error: unknown,
  endpoint: Endpoint,
  options: DialOptions,
  { leftMs, signal }: { leftMs: number; signal: AbortSignal },
): Promise<ConnectionError> {
  if (!hidesRefusal(error) || leftMs <= 0) return connectFailure(error, endpoint)
  const reply = await readRefusal(endpoint, options.tls, leftMs, signal)
  return reply === undefined ? connectFailure(error, endpoint) : handshakeFailure(reply, endpoint)
}
