import type { SecureContextOptions } from 'node:tls'
import { z } from 'zod'
import { MAX_TIMER_MS } from '../async/timing.js'
import type { Logger, TextLogger } from '../log.js'
import type { Interceptor } from './interceptor.js'
import { type Credentials, type CredentialsProvider, credentialsOption } from './lanes/credentials.js'

const ms = z.int().min(1).max(MAX_TIMER_MS)

/** How to trust the broker, and how to be known to it. Read only with `amqps`. */
export interface TlsOptions {
  /** The authorities whose certificates are trusted, in PEM. @defaultValue those that Node.js brings */
  readonly ca?: SecureContextOptions['ca']
  /** Our certificate, with those of the authorities in between, in PEM. Needs `key`. @defaultValue none */
  readonly cert?: SecureContextOptions['cert']
  /** The private key of `cert`, in PEM. @defaultValue none */
  readonly key?: SecureContextOptions['key']
  /** Our certificate and its private key in one PKCS #12 archive, instead of `cert` and `key`. @defaultValue none */
  readonly pfx?: SecureContextOptions['pfx']
  /** What `key` or `pfx` is encrypted with. @defaultValue none */
  readonly passphrase?: SecureContextOptions['passphrase']
  /** The oldest version of TLS that is spoken. Those before 1.2 are refused, because they can be broken. @defaultValue 'TLSv1.2' */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** Name to ask for and to verify. One for each host: `BrokerAddress.servername`. @defaultValue the host's name */
  readonly servername?: string | undefined
  /** `false` accepts any certificate from anybody: who stands between reads and changes everything. For a laptop only. @defaultValue true */
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
   * How long TCP, TLS and the AMQP handshake of one try may take, and each answer of the broker, in milliseconds, from 1 to 2,147,483,647.
   * @defaultValue 10_000
   */
  readonly connectTimeoutMs?: number | undefined
  /**
   * How long `connect` tries before it rejects with the last reason, in milliseconds, from 1 to 2,147,483,647. `Infinity` returns at once and tries
   * for ever. @defaultValue 30_000
   */
  readonly startupTimeoutMs?: number | undefined
  /**
   * A link that says nothing for two of these is given up, and so is, by the broker, a process whose event loop stands still for
   * longer than that. Keep two of them well below `publishTimeoutMs`, or what is sent over a link that has just died fails before
   * the link is replaced. Milliseconds in whole seconds, up to 60,000,000. 0 switches it off.
   * @see https://www.rabbitmq.com/docs/heartbeats
   * @defaultValue 10_000
   */
  readonly heartbeatMs?: number | undefined
  /**
   * `declare` makes sure that queues exist as their contracts say; `check` asks only whether they exist (a passive
   * declare compares no arguments), for services without the right to configure; `skip` does neither. A delay queue is looked at
   * when it is first needed: with `check` a failed task whose delay queue is missing is dead-lettered as `retry-impossible`.
   * @defaultValue 'declare'
   */
  readonly topology?: 'declare' | 'check' | 'skip' | undefined
  /** How long a publish may take before it fails, in milliseconds, from 1 to 2,147,483,647. @defaultValue 30_000 */
  readonly publishTimeoutMs?: number | undefined
  /**
   * Messages awaiting their confirm at once, over all roles of the connection, from 1 to 65,535; of an RPC client, calls awaiting their answer.
   * @defaultValue 1_000
   */
  readonly maxInFlight?: number | undefined
  /**
   * Messages waiting for their turn, over all roles, from 1 to 1,000,000; one more is refused as `not-sent`. A sender of whose messages less than its
   * part waits is not refused because of the others, up to twice as many. @defaultValue 10_000
   */
  readonly maxQueued?: number | undefined
  /**
   * Bytes of content waiting for their turn, over all roles, from 1; what exceeds them is refused as `not-sent`. As many again
   * may be awaiting their confirm. Shared as `maxQueued` is. @defaultValue 67_108_864
   */
  readonly maxQueuedBytes?: number | undefined
  /**
   * The most bytes that a content may have, from 1. A larger one is refused as `not-sent`, before the broker closes the channel over it.
   * @see https://www.rabbitmq.com/docs/configure (max_message_size)
   * @defaultValue 16_777_216
   */
  readonly maxMessageBytes?: number | undefined
  /**
   * Who we are, instead of what the URLs say: a name and a password; a function that gives them, for those that change; or
   * `'external'`, when the broker knows us by the client certificate in `tls`.
   * @see https://www.rabbitmq.com/docs/access-control#mechanisms
   * @defaultValue what the URLs say
   */
  readonly credentials?: Credentials | 'external' | CredentialsProvider | undefined
  /**
   * Gets a line for what happens to the connection and to the roles on it: a pino, bunyan, winston or Nest logger, or `console`. What a
   * call rejects with is not logged. Without it what the program itself should mend is a process warning, and so is the first failure of each kind of each role.
   * @defaultValue none
   */
  readonly logger?: Logger | TextLogger | undefined
  /**
   * Who writes messages of the usual form: leveret, at a sixth of the cost, or amqplib's `publish`, for tracers that watch that function and cannot be
   * seen to do so, because they are built into its code (Sentry's and New Relic's). Those that can be seen (the amqplib instrumentation of OpenTelemetry, Datadog) get all
   * messages without it, while nobody listens to `tracing:leveret:publish`. The environment variable `LEVERET_FRAMES` says the same where this option is not set.
   * @defaultValue 'leveret'
   */
  readonly frames?: 'leveret' | 'amqplib' | undefined
  /** What goes around every send and every handler; the first is the outermost. @defaultValue [] */
  readonly interceptors?: readonly Interceptor[] | undefined
  /** How to trust the broker, and how to be known to it. Read only with `amqps`. @defaultValue {} */
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

/** The same, checked, with every default in place. */
export type ConnectSettings = z.output<typeof connectOptions>
