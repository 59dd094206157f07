import { limitStep } from '../errors/broker-limits.js'
import { ConnectionError, type ConnectionFailure } from '../errors/connection-error.js'
import { handshakeEndIn, isClosedAbruptly, isForeignProtocol, missingMechanismIn } from './amqplib/internals.js'
import { describeEndpoint, type Endpoint } from './endpoint.js'

/** Code and reply text of the frame in which the broker closes a connection during the handshake. */
export interface HandshakeReply {
  readonly code: number
  readonly text: string
}

/**
 * Node.js error codes for a broker certificate that this process does not accept.
 *
 * @see https://nodejs.org/api/tls.html#x509-certificate-error-codes
 */
const TLS_REFUSALS =
  /^(?!ERR_SSL).*(CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ALTNAME|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/
/**
 * TLS alerts of a broker that does not accept the client's certificate or protocol version.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8446#section-6.2
 */
const TLS_ALERT = /\balert (?!internal error)/

/** Error codes of name resolution: the name does not exist, or no name server answered. */
const NAME_ERRORS: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN'])
/**
 * Error codes of an attempt that no broker has seen: the port was closed, the host was unreachable, or its name has no
 * address yet.
 */
const ABSENCES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  ...NAME_ERRORS,
])

/** Turns the error of the socket or of amqplib into a reason and a sentence with the next step. */
export function connectFailure(error: unknown, endpoint: Endpoint): ConnectionError {
  if (error instanceof ConnectionError) return error
  const flat = flatten(error)
  const code = codeOf(flat[0])
  const text = flat.map(messageOf).join(', ')
  const make = (reason: ConnectionFailure, why: string): ConnectionError =>
    new ConnectionError(reason, `Cannot connect to ${describeEndpoint(endpoint)}: ${why}`, { cause: error })

  const reply = handshakeEndIn(text)
  if (reply !== undefined) return handshakeFailure(reply, endpoint)
  if (TLS_REFUSALS.test(code)) return make('tls', `the certificate was not accepted (${code}): ${text}`)
  if (TLS_ALERT.test(text)) {
    return make('tls', `the broker ended the TLS handshake (${text}). Check the certificate in tls.cert`)
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return make('protocol', `TLS failed (${text}). Is ${endpoint.port} a plain AMQP port? Then use amqp://`)
  }
  const missing = missingMechanismIn(text)
  if (missing !== undefined) {
    const next =
      missing === 'EXTERNAL' ? ': enable the plugin rabbitmq_auth_mechanism_ssl, or log in with a password' : ''
    return make('login-refused', `the broker does not offer the login mechanism ${missing}${next}`)
  }
  // An error without a code is amqplib's own: the peer sent bytes or ended the connection, but made no AMQP handshake.
  const hint = endpoint.protocol === 'amqp' ? `. Is ${endpoint.port} a TLS port? Then use amqps://` : ''
  if (code === '' && isForeignProtocol(text)) return make('protocol', `the peer does not speak AMQP 0-9-1${hint}`)
  if (code === '') return make('protocol', `the AMQP handshake failed (${text})${hint}`)
  if (code === 'ECONNRESET') return make('unreachable', `${text}${hint}`)
  if (NAME_ERRORS.has(code)) return make('unreachable', `the name of the host has no address (${text})`)
  return make(code === 'ETIMEDOUT' ? 'timeout' : 'unreachable', text)
}

/**
 * The error for a close frame that refuses the login or the vhost.
 *
 * @see https://www.rabbitmq.com/docs/access-control
 */
export function handshakeFailure({ code, text }: HandshakeReply, endpoint: Endpoint): ConnectionError {
  const where = describeEndpoint(endpoint)
  const said = `(${code} ${text})`
  if (code === 403) {
    const { mechanism, username } = endpoint.login
    const who = mechanism === 'EXTERNAL' ? 'the client certificate' : `the login of '${username}'`
    return new ConnectionError('login-refused', `${where} refused ${who} ${said}`)
  }
  if (/limit/i.test(text)) {
    const step = limitStep(text)
    return new ConnectionError(
      'limit',
      `${where} accepts no more connections ${said}${step === undefined ? '' : `. ${step}`}`,
    )
  }
  if (/not found/i.test(text)) {
    return new ConnectionError('vhost-not-found', `${where}: there is no vhost '${endpoint.vhost}' ${said}`)
  }
  if (code === 530 && /refused/i.test(text) && !/down/i.test(text)) {
    const who = `'${endpoint.login.username}' may not use the vhost '${endpoint.vhost}'`
    return new ConnectionError('vhost-refused', `${where}: ${who}; grant it with rabbitmqctl set_permissions ${said}`)
  }
  return new ConnectionError('unreachable', `${where} ended the handshake ${said}`)
}

/**
 * Whether the attempt failed without a refusal. The connection dropped, the port was closed, a proxy or load balancer
 * had no broker behind it, the host was unreachable, or its name had no address, as that of a pod that is not ready.
 */
export function wasDropped(reason: unknown): boolean {
  if (!(reason instanceof ConnectionError)) return false
  // The server of the credentials provider may be down, and a fast retry would not help it.
  if (reason.reason === 'credentials') return false
  if (reason.reason === 'lost') return true
  return flatten(reason.cause).every((cause) =>
    cause instanceof ConnectionError
      ? wasDropped(cause)
      : ABSENCES.has(codeOf(cause)) || isClosedAbruptly(messageOf(cause)),
  )
}

/**
 * Combines the failures of several hosts into one error that names them all. A failure that waiting cannot cure decides
 * the reason.
 */
export function combineFailures(failures: readonly ConnectionError[]): ConnectionError {
  const first = failures.find(({ retryable }) => !retryable) ?? failures[0]
  if (first === undefined) return new ConnectionError('unreachable', 'There is no host to connect to')
  if (failures.length === 1) return first
  const text = failures.map(({ message }) => message).join('; ')
  return new ConnectionError(first.reason, text, { cause: new AggregateError(failures) })
}

/** Unpacks the AggregateError without a message that Node.js reports for a host with several addresses. */
function flatten(error: unknown): unknown[] {
  return error instanceof AggregateError ? error.errors.flatMap(flatten) : [error]
}

/** The message of an error. OpenSSL's sentences are long, and their `reason` says what matters. */
function messageOf(error: unknown): string {
  if (error instanceof Error && 'library' in error && 'reason' in error) return String(error.reason)
  return error instanceof Error ? error.message : String(error)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
