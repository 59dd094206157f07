import type { SecureContextOptions } from 'node:tls'
import { z } from 'zod'
import { MAX_TIMER_MS } from '../async/timing.js'
import type { Logger, TextLogger } from '../log.js'
import type { Interceptor } from './interceptor.js'
import { type Credentials, type CredentialsProvider, credentialsOption } from './lanes/credentials.js'

const ms = z.int().min(1).max(MAX_TIMER_MS)

/** Options of TLS: which broker to trust, and which client certificate to use. Read only with `amqps`. */
export interface TlsOptions {
  /** Certificates of the authorities to trust, in PEM. @defaultValue those that Node.js brings */
  readonly ca?: SecureContextOptions['ca']
  /** Client certificate, followed by those of intermediate authorities, in PEM. Needs `key`. @defaultValue none */
  readonly cert?: SecureContextOptions['cert']
  /** Private key of `cert`, in PEM. @defaultValue none */
  readonly key?: SecureContextOptions['key']
  /** Client certificate and its private key in one PKCS #12 archive, instead of `cert` and `key`. @defaultValue none */
  readonly pfx?: SecureContextOptions['pfx']
  /** Passphrase of `key` or `pfx`. @defaultValue none */
  readonly passphrase?: SecureContextOptions['passphrase']
  /**
   * The oldest allowed version of TLS. Versions before 1.2 are refused, because they are insecure.
   * @defaultValue 'TLSv1.2'
   */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /**
   * Host name for SNI and for checking the certificate. For one per host: `BrokerAddress.servername`.
   * @defaultValue the host's name
   */
  readonly servername?: string | undefined
  /**
   * Whether the broker's certificate is checked. `false` accepts any certificate, so that anybody in between can read
   * and change everything. For a laptop only.
   * @defaultValue true
   */
  readonly rejectUnauthorized?: boolean | undefined
}

/** Options of `connect`. */
export interface ConnectOptions {
  /**
   * Name of the connection in the management UI, from 1 to 200 characters.
   * @defaultValue `leveret` and the process id; `-2`, `-3` … for further ones of one process
   */
  readonly name?: string | undefined
  /**
   * How long TCP, TLS and the AMQP handshake of one attempt may take, and each answer of the broker, in milliseconds,
   * from 1 to 2,147,483,647.
   * @defaultValue 10_000
   */
  readonly connectTimeoutMs?: number | undefined
  /**
   * How long `connect` tries before it rejects with the last reason, in milliseconds, from 1 to 2,147,483,647. With
   * `Infinity`, `connect` resolves at once and leveret tries without end.
   * @defaultValue 30_000
   */
  readonly startupTimeoutMs?: number | undefined
  /**
   * Interval of heartbeats, in milliseconds, in whole seconds, up to 60,000,000. 0 switches them off.
   *
   * leveret closes a link that is silent for two intervals. The broker closes the connection of a process whose event
   * loop is blocked for longer than that. Keep two intervals well below `publishTimeoutMs`. Otherwise a publish over a
   * dead link fails before the link is replaced.
   * @see https://www.rabbitmq.com/docs/heartbeats
   * @defaultValue 10_000
   */
  readonly heartbeatMs?: number | undefined
  /**
   * Treatment of queues and exchanges. `declare` declares them as their contracts say. `check` only checks that they
   * exist, for services without the right to configure; such a passive declare compares no arguments. `skip` does
   * neither. A delay queue is declared or checked when it is first needed: with `check`, a failed task whose delay
   * queue is missing is dead-lettered as `retry-impossible`.
   * @defaultValue 'declare'
   */
  readonly topology?: 'declare' | 'check' | 'skip' | undefined
  /** How long a publish may take before it fails, in milliseconds, from 1 to 2,147,483,647. @defaultValue 30_000 */
  readonly publishTimeoutMs?: number | undefined
  /**
   * How many messages may await their confirm at once, over all roles of the connection, from 1 to 65,535. For an RPC
   * client: how many calls may await their answer.
   * @defaultValue 1_000
   */
  readonly maxInFlight?: number | undefined
  /**
   * How many messages may wait for their turn, over all roles, from 1 to 1,000,000. One more is refused as `not-sent`.
   * A sender with less than its equal share waiting is not refused because of others, until twice as many wait.
   * @defaultValue 10_000
   */
  readonly maxQueued?: number | undefined
  /**
   * How many bytes of content may wait for their turn, over all roles, from 1. Content beyond them is refused as
   * `not-sent`. The same number of bytes may await their confirm. Shared among senders like `maxQueued`.
   * @defaultValue 67_108_864
   */
  readonly maxQueuedBytes?: number | undefined
  /**
   * The most bytes that the content of one message may have, from 1. A larger message is refused as `not-sent`. Without
   * this limit the broker would close the channel over it.
   * @see https://www.rabbitmq.com/docs/configure (max_message_size)
   * @defaultValue 16_777_216
   */
  readonly maxMessageBytes?: number | undefined
  /**
   * Credentials instead of those in the URLs: a user name and a password; a function that returns them, if they change;
   * or `'external'`, if the broker identifies this client by the certificate in `tls`.
   * @see https://www.rabbitmq.com/docs/access-control#mechanisms
   * @defaultValue what the URLs say
   */
  readonly credentials?: Credentials | 'external' | CredentialsProvider | undefined
  /**
   * Receives a line for each event of the connection and of its roles: a pino, bunyan, winston or Nest logger, or
   * `console`. The rejection of a call is not logged. Without a logger, what the program itself should correct is
   * reported as a process warning, and so is the first failure of each kind of each role.
   * @defaultValue none
   */
  readonly logger?: Logger | TextLogger | undefined
  /**
   * The code that writes messages of the usual form: leveret's own, or, at six times the cost, the `publish` of
   * amqplib. Use `'amqplib'` for tracers that watch that function and cannot be detected, because they are built into
   * its code (Sentry's and New Relic's). Tracers that can be detected (OpenTelemetry's instrumentation of amqplib,
   * Datadog) see all messages without this option, as long as there is no subscriber of `tracing:leveret:publish`. The
   * environment variable `LEVERET_FRAMES` sets it where the option is missing.
   * @defaultValue 'leveret'
   */
  readonly frames?: 'leveret' | 'amqplib' | undefined
  /** Functions that wrap every send and every handler; the first is the outermost. @defaultValue [] */
  readonly interceptors?: readonly Interceptor[] | undefined
  /** Options of TLS. Read only with `amqps`. @defaultValue {} */
  readonly tls?: TlsOptions | undefined
}

const TLS_VERSIONS = new Set<string>(['TLSv1.2', 'TLSv1.3'])

function isLogger(value: unknown): boolean {
  const logger = value as Partial<Record<string, unknown>> | null | undefined
  const has = (level: string): boolean => typeof logger?.[level] === 'function'
  return ['warn', 'error'].every(has) && (has('log') || ['debug', 'info'].every(has))
}

function isInterceptor(value: unknown): boolean {
  const { publish, handle } = (value ?? {}) as Partial<Record<keyof Interceptor, unknown>>
  const given = [publish, handle].filter((part) => part !== undefined)
  return given.length > 0 && given.every((part) => typeof part === 'function')
}

/** Checks {@link ConnectOptions}. */
export const connectOptions = z.strictObject({
  name: z.string().min(1).max(200).optional(),
  connectTimeoutMs: ms.default(10_000),
  startupTimeoutMs: z.union([ms, z.literal(Number.POSITIVE_INFINITY)]).default(30_000),
  heartbeatMs: z.int().min(0).max(60_000_000).multipleOf(1_000).default(10_000),
  topology: z.enum(['declare', 'check', 'skip']).default('declare'),
  publishTimeoutMs: ms.default(30_000),
  maxInFlight: z.int().min(1).max(65_535).default(1_000),
  maxQueued: z.int().min(1).max(1_000_000).default(10_000),
  maxQueuedBytes: z
    .int()
    .min(1)
    .default(64 * 1024 * 1024),
  maxMessageBytes: z
    .int()
    .min(1)
    .default(16 * 1024 * 1024),
  credentials: credentialsOption.optional(),
  logger: z.custom<Logger | TextLogger>(isLogger, 'expected a logger with debug, info, warn and error').optional(),
  frames: z
    .enum(['leveret', 'amqplib'])
    .default(() => (process.env.LEVERET_FRAMES === 'amqplib' ? 'amqplib' : 'leveret')),
  interceptors: z
    .array(z.custom<Interceptor>(isInterceptor, 'expected an object with the methods publish or handle, or both'))
    .default([]),
  tls: z
    .custom<TlsOptions>((value) => typeof value === 'object' && value !== null, 'expected an object')
    .refine(({ minVersion = 'TLSv1.2' }) => TLS_VERSIONS.has(minVersion), 'minVersion is TLSv1.2 or TLSv1.3')
    .default({}),
})

/** The options after parsing, with every default filled in. */
export type ConnectSettings = z.output<typeof connectOptions>
