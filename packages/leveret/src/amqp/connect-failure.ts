import { limitStep } from '../errors/broker-limits.js'
import { ConnectionError, type ConnectionFailure } from '../errors/connection-error.js'
import { handshakeEndIn, isClosedAbruptly, isForeignProtocol, missingMechanismIn } from './amqplib/internals.js'
import { describeEndpoint, type Endpoint } from './endpoint.js'

/** What the broker's own words in the handshake mean. `text` is the close frame's reply text. */
export interface HandshakeReply {
  readonly code: number
  readonly text: string
}

/** Ours of the broker's certificate. @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const TLS_REFUSALS =
  /^(?!ERR_SSL).*(CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ALTNAME|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH)/
/** The broker's of ours, or of all that we can offer. @see https://www.rfc-editor.org/rfc/rfc8446#section-6.2 */
const TLS_ALERT = /\balert (?!internal error)/

/** What a name server says, or its silence: there is no such name, or nobody answers. */
const NAME_ERRORS: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN'])
/** The port was closed, the machine could not be reached, or its name is not known yet: no broker has seen anything of the try. */
const ABSENCES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  ...NAME_ERRORS,
])

/** Turns whatever the socket or amqplib said of a failed attempt into the reason and a sentence with the next step. */
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
    return make('tls', `the broker ended the TLS handshake (${text}). Does it want another certificate in tls.cert?`)
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
  // An error without a code is amqplib's own: bytes came, or an end, and no AMQP handshake.
  const hint = endpoint.protocol === 'amqp' ? `. Is ${endpoint.port} a TLS port? Then use amqps://` : ''
  if (code === '' && isForeignProtocol(text)) return make('protocol', `what answered does not speak AMQP 0-9-1${hint}`)
  if (code === '') return make('protocol', `the AMQP handshake failed (${text})${hint}`)
  if (code === 'ECONNRESET') return make('unreachable', `${text}${hint}`)
  if (NAME_ERRORS.has(code)) return make('unreachable', `the name of the host has no address (${text})`)
  return make(code === 'ETIMEDOUT' ? 'timeout' : 'unreachable', text)
}

/** A close frame in answer to our name or our vhost. @see https://www.rabbitmq.com/docs/access-control */
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
      `${where} takes no more connections ${said}${step === undefined ? '' : `. ${step}`}`,
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
 * Whether nobody refused us: the link dropped, the port was closed, whoever opened it (a proxy, a load balancer) had nobody behind it,
 * the machine could not be reached, or its name could not be resolved, as that of a pod that is not ready.
 */
export function wasDropped(reason: unknown): boolean {
  if (!(reason instanceof ConnectionError)) return false
  // A provider of credentials may have its own server down; that one is not to be hurried.
  if (reason.reason === 'credentials') return false
  if (reason.reason === 'lost') return true
  return flatten(reason.cause).every((cause) =>
    cause instanceof ConnectionError
      ? wasDropped(cause)
      : ABSENCES.has(codeOf(cause)) || isClosedAbruptly(messageOf(cause)),
  )
}

/** Several hosts failed: one error that names them all. A reason that waiting cannot cure wins. */
export function combineFailures(failures: readonly ConnectionError[]): ConnectionError {
  const first = failures.find(({ retryable }) => !retryable) ?? failures[0]
  if (first === undefined) return new ConnectionError('unreachable', 'There is no host to connect to')
  if (failures.length === 1) return first
  const text = failures.map(({ message }) => message).join('; ')
  return new ConnectionError(first.reason, text, { cause: new AggregateError(failures) })
}

/** Node.js reports a host with several addresses as an AggregateError without a message of its own. */
function flatten(error: unknown): unknown[] {
  return error instanceof AggregateError ? error.errors.flatMap(flatten) : [error]
}

/** OpenSSL's sentences are long, and say what matters in `reason`. */
function messageOf(error: unknown): string {
  if (error instanceof Error && 'library' in error && 'reason' in error) return String(error.reason)
  return error instanceof Error ? error.message : String(error)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
