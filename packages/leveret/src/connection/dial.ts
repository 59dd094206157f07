import type { ConnectionOptions as TlsConnectionOptions } from 'node:tls'
import * as amqp from 'amqplib'
import { ConnectionError } from '../errors.js'
import { onAbort } from '../signals.js'
import { within } from '../timing.js'
import { describeEndpoint, type Endpoint, tlsFor } from './endpoint.js'
import { connectFailure, handshakeFailure } from './failure.js'
import { readRefusal } from './handshake.js'

/** How to dial. */
export interface DialOptions {
  /** Shown by the management UI. */
  readonly name: string
  readonly heartbeatSeconds: number
  /** Covers TCP, TLS and the AMQP handshake together. */
  readonly connectTimeoutMs: number
  readonly tls: TlsConnectionOptions
}

/** What dialling gives: amqplib's connection, and the way to destroy its socket. */
export interface Line {
  readonly model: amqp.ChannelModel
  readonly cut: AbortController
}

/**
 * Connects once, through TCP, TLS and the AMQP handshake.
 *
 * @throws {@link ConnectionError} with the reason, within `connectTimeoutMs`; the signal's reason. Nothing stays open
 */
export async function dial(endpoint: Endpoint, options: DialOptions, signal: AbortSignal): Promise<Line> {
  const cut = new AbortController()
  const callOff = onAbort(signal, () => cut.abort(signal.reason))
  const started = performance.now()
  try {
    signal.throwIfAborted()
    const late = (): Error => timedOut(endpoint, options)
    return { model: await within(options.connectTimeoutMs, handshake(endpoint, options, cut.signal), late), cut }
  } catch (error) {
    cut.abort(error)
    signal.throwIfAborted()
    const leftMs = options.connectTimeoutMs - (performance.now() - started)
    throw await explain(error, endpoint, options, { leftMs, signal })
  } finally {
    callOff()
  }
}

async function handshake(endpoint: Endpoint, options: DialOptions, signal: AbortSignal): Promise<amqp.ChannelModel> {
  const { protocol, host, port, vhost, login } = endpoint
  const heartbeat = endpoint.heartbeatSeconds ?? options.heartbeatSeconds
  // amqplib decodes the vhost even when it comes as a field.
  const fields = { protocol, hostname: host, port, vhost: encodeURIComponent(vhost), heartbeat }
  const model = await amqp.connect(fields, {
    ...tlsFor(endpoint, options.tls),
    noDelay: true,
    credentials: { mechanism: login.mechanism, response: () => login.response() },
    clientProperties: { connection_name: options.name, product: 'leveret' },
    // Node.js destroys the socket when the signal aborts: the only documented hold on a socket that amqplib makes.
    signal,
  } as amqp.SocketOptions)
  model.on('error', () => undefined)
  if (signal.aborted) throw signal.reason
  return model
}

function timedOut(endpoint: Endpoint, { connectTimeoutMs }: DialOptions): ConnectionError {
  const text = `Cannot connect to ${describeEndpoint(endpoint)}: no AMQP handshake within ${connectTimeoutMs} ms`
  return new ConnectionError('timeout', text)
}

/** Asks the broker a second time, by hand, where amqplib has swallowed its words. */
async function explain(
  error: unknown,
  endpoint: Endpoint,
  options: DialOptions,
  { leftMs, signal }: { leftMs: number; signal: AbortSignal },
): Promise<ConnectionError> {
  const swallowed = error instanceof Error && /Expected ConnectionOpenOk/.test(error.message)
  if (!swallowed || leftMs <= 0) return connectFailure(error, endpoint)
  const reply = await readRefusal(endpoint, options.tls, leftMs, signal)
  return reply === undefined ? connectFailure(error, endpoint) : handshakeFailure(reply, endpoint)
}
