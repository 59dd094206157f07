import type { SecureContextOptions } from 'node:tls'
import { z } from 'zod'
import type { Logger } from '../log.js'
import { MAX_TIMER_MS } from '../options.js'
import { credentialsOption } from './credentials.js'
import type { Interceptor } from './interceptor.js'

const ms = z.int().min(1).max(MAX_TIMER_MS)

/** How to trust the broker, and how to be known to it. Read only with `amqps`. */
export interface TlsOptions extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase'> {
  /** Older ones are refused, because they can be broken. @defaultValue 'TLSv1.2' */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /** Name to ask for and to verify, when it is not the host's. One for each host: `BrokerAddress.servername`. */
  readonly servername?: string
  /** `false` accepts any certificate from anybody. For a laptop only. @defaultValue true */
  readonly rejectUnauthorized?: boolean
}

const TLS_VERSIONS = new Set<string>(['TLSv1.2', 'TLSv1.3'])

function isLogger(value: unknown): boolean {
  const logger = value as Partial<Record<string, unknown>> | null | undefined
  return ['debug', 'info', 'warn', 'error'].every((level) => typeof logger?.[level] === 'function')
}

function isInterceptor(value: unknown): boolean {
  const { publish, handle } = (value ?? {}) as Partial<Record<keyof Interceptor, unknown>>
  const given = [publish, handle].filter((part) => part !== undefined)
  return given.length > 0 && given.every((part) => typeof part === 'function')
}

/** Options of `connect`. */
export const connectOptions = z.strictObject({
  /** Name of the connection in the management UI. @defaultValue `leveret` and the process id; `-2`, `-3` … for further ones of one process */
  name: z.string().min(1).max(200).optional(),
  /** Covers TCP, TLS and the AMQP handshake of one try, and each answer of the broker. @defaultValue 10_000 */
  connectTimeoutMs: ms.default(10_000),
  /**
   * How long `connect` tries before it rejects with the last reason. `Infinity` returns at once and tries for ever.
   * @defaultValue 30_000
   */
  startupTimeoutMs: z.union([ms, z.literal(Number.POSITIVE_INFINITY)]).default(30_000),
  /**
   * A link that says nothing for two of these is given up, and so is, by the broker, a process whose event loop stands still for
   * longer than that. Keep two of them well below `publishTimeoutMs`, or what is sent over a link that has just died fails before
   * the link is replaced. Whole seconds. 0 switches it off.
   * @see https://www.rabbitmq.com/docs/heartbeats
   * @defaultValue 10_000
   */
  heartbeatMs: z.int().min(0).max(60_000_000).multipleOf(1_000).default(10_000),
  /**
   * `declare` makes sure that queues exist as their contracts say; `check` asks only whether they exist (a passive
   * declare compares no arguments), for services without the right to configure; `skip` does neither. A delay queue is looked at
   * when it is first needed: with `check` a failed task whose delay queue is missing is dead-lettered as `retry-impossible`.
   * @defaultValue 'declare'
   */
  topology: z.enum(['declare', 'check', 'skip']).default('declare'),
  /** How long a publish may take before it fails. @defaultValue 30_000 */
  publishTimeoutMs: ms.default(30_000),
  /** Messages awaiting their confirm at once, over all roles of the connection; of an RPC client, calls awaiting their answer. @defaultValue 1_000 */
  maxInFlight: z.int().min(1).max(65_535).default(1_000),
  /**
   * Messages waiting for their turn, over all roles; one more is refused as `not-sent`. A sender of whose messages less than its part waits is not refused
   * because of the others, up to twice as many. @defaultValue 10_000
   */
  maxQueued: z.int().min(1).max(1_000_000).default(10_000),
  /**
   * Bytes of content waiting for their turn, over all roles; what exceeds them is refused as `not-sent`. As many again
   * may be awaiting their confirm. Shared as `maxQueued` is. @defaultValue 64 MiB
   */
  maxQueuedBytes: z
    .int()
    .min(1)
    .default(64 * 1024 * 1024),
  /**
   * A larger content is refused as `not-sent`, before the broker closes the channel over it.
   * @see https://www.rabbitmq.com/docs/configure (max_message_size)
   * @defaultValue 16 MiB
   */
  maxMessageBytes: z
    .int()
    .min(1)
    .default(16 * 1024 * 1024),
  /**
   * Who we are, instead of what the URLs say: a name and a password; a function that gives them, for those that change; or
   * `'external'`, when the broker knows us by the client certificate in `tls`.
   * @see https://www.rabbitmq.com/docs/access-control#mechanisms
   */
  credentials: credentialsOption.optional(),
  /**
   * Gets a line for what happens to the connection and to the roles on it: a pino, bunyan or winston logger, or `console`. What a
   * call rejects with is not logged. Without it only what the program itself should mend is told, as a process warning.
   */
  logger: z.custom<Logger>(isLogger, 'expected a logger with debug, info, warn and error').optional(),
  /** What goes around every send and every handler; the first is the outermost. @defaultValue none */
  interceptors: z
    .array(z.custom<Interceptor>(isInterceptor, 'expected an object with the methods publish or handle, or both'))
    .default([]),
  /** How to trust the broker, and how to be known to it. */
  tls: z
    .custom<TlsOptions>((value) => typeof value === 'object' && value !== null, 'expected an object')
    .refine(({ minVersion = 'TLSv1.2' }) => TLS_VERSIONS.has(minVersion), 'minVersion is TLSv1.2 or TLSv1.3')
    .default({}),
})

/** Options of `connect`. */
export type ConnectOptions = z.input<typeof connectOptions>

/** The same, checked, with every default in place. */
export type ConnectSettings = z.output<typeof connectOptions>
