import { z } from 'zod'
import { OptionsError } from '../errors.js'
import { MAX_TIMER_MS, parseOptions } from '../options.js'
import { quoted, shortString } from '../short-string.js'
import { json } from './codec.js'
import type { Failure } from './failure.js'
import type { PayloadContract } from './payload.js'
import { nativeRetryOf, type RetryPolicy, retryOptions } from './retry.js'
import type { Schema } from './schema.js'
import { argumentsOption, codecOption, schemaOption, versionOption } from './shared-options.js'

/** A queue of tasks, as `workQueue` describes it: data, without I/O, safe to share between services. */
export interface WorkQueue<S extends Schema = Schema> extends PayloadContract<S> {
  readonly kind: 'work-queue'
  readonly queue: WorkQueueSettings
  /** `false`: the first failed attempt is the last. */
  readonly retry: RetryPolicy | false
  /** What a received payload means that the schema or the codec refuses: the end, or a failed attempt like any other. */
  readonly onInvalid: 'dead-letter' | 'retry'
  /** Where what failed for good is kept. `false`: it is dropped. */
  readonly deadLetter: DeadLetterSettings | false
  /** Written to the `leveret-contract` header, after the name. */
  readonly version?: string
}

/** Where dead letters are kept, and what is kept with them. */
export interface DeadLetterSettings {
  readonly queue: string
  /** Whether the error's stack is. */
  readonly stack: boolean
  readonly redact?: (failure: Failure) => Failure
}

/** The queue itself, as it is declared. */
export interface WorkQueueSettings {
  readonly type: 'quorum' | 'classic'
  readonly durable: boolean
  /** Where the dead-letter route and the delivery limit are kept. */
  readonly settings: 'arguments' | 'policy'
  /** When given, exactly these are declared, and none is added. */
  readonly arguments?: Readonly<Record<string, unknown>>
  readonly singleActive: boolean
  readonly consumerTimeoutMs?: number
  readonly maxPriority?: number
}

/** RabbitMQ takes 255 bytes; what leveret adds for a delay or dead-letter queue must still fit. */
const queueName = shortString('a queue name', 200)
  .min(1)
  .refine((name) => !name.startsWith('amq.'), "names that begin with 'amq.' are RabbitMQ's own")

const queueOptions = z
  .strictObject({
    /** @defaultValue 'quorum': replicated, the broker's own advice */
    type: z.enum(['quorum', 'classic']).default('quorum'),
    /** Survives a restart of the broker. @defaultValue true */
    durable: z.boolean().default(true),
    /**
     * For a queue that somebody else declares: exactly these arguments are declared, and leveret adds none. Dead letters
     * are then copies that leveret makes, never the broker's own.
     */
    arguments: argumentsOption.optional(),
    /**
     * `policy` declares only what cannot be changed later (type, single active consumer, consumer timeout, priorities) and
     * leaves the dead-letter route and the delivery limit to a policy, which an operator can change at any time:
     * `policyOf(contract)`. Until it is set, the queue has neither.
     * @see https://www.rabbitmq.com/docs/policies
     * @defaultValue 'arguments'
     */
    settings: z.enum(['arguments', 'policy']).default('arguments'),
    /** Only one consumer at a time gets deliveries. @see https://www.rabbitmq.com/docs/consumers#single-active-consumer */
    singleActive: z.boolean().default(false),
    /** How long the broker waits for an ack. Quorum only. @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout */
    consumerTimeoutMs: z.int().min(60_000).max(MAX_TIMER_MS).optional(),
    /** Priorities from 0 to this. Classic only. @see https://www.rabbitmq.com/docs/priority */
    maxPriority: z.int().min(1).max(255).optional(),
    /**
     * Allows `durable: false`, as the oldest tutorials declare it. RabbitMQ 4.3 refuses such a queue by default.
     * @see https://www.rabbitmq.com/docs/deprecated-features
     */
    legacyTransient: z.boolean().default(false),
  })
  .refine(({ type, consumerTimeoutMs }) => type === 'quorum' || consumerTimeoutMs === undefined, {
    path: ['consumerTimeoutMs'],
    message: 'only a quorum queue takes a consumer timeout',
  })
  .refine(({ type, maxPriority }) => type === 'classic' || maxPriority === undefined, {
    path: ['maxPriority'],
    message: 'only a classic queue takes a maximal priority',
  })
  .refine(({ type, durable }) => type === 'classic' || durable, {
    path: ['durable'],
    message: 'a quorum queue is always durable',
  })
  .refine(({ durable, legacyTransient }) => durable || legacyTransient, {
    path: ['durable'],
    message: 'a queue that is not durable needs legacyTransient: true, and a broker that still permits it',
  })
  .refine(
    ({ arguments: args, singleActive, consumerTimeoutMs, maxPriority, settings }) =>
      args === undefined || !(singleActive || consumerTimeoutMs || maxPriority || settings === 'policy'),
    {
      path: ['arguments'],
      message:
        'when arguments are given they are all there is: write singleActive, consumerTimeoutMs and maxPriority as arguments, ' +
        "and leave settings: 'policy' out",
    },
  )

const deadLetterOptions = z.strictObject({
  /** @defaultValue `<name>.dead-letter` */
  queue: queueName.optional(),
  /** Keeps the stack of the error as well. It may name paths and values that are nobody else's business. @defaultValue false */
  stack: z.boolean().default(false),
  /**
   * Gets the error of a delivery that is given up and returns what may be kept of it. It must be pure and fast. Should it
   * throw, or return something else, nothing of the error is kept.
   */
  redact: z
    .custom<(failure: Failure) => Failure>((value) => typeof value === 'function', 'expected a function')
    .optional(),
})

const contractOptions = z.strictObject({
  payload: schemaOption,
  codec: codecOption.default(json),
  queue: queueOptions.prefault({}),
  /**
   * `{ delaysMs }` works on every broker: a failed task waits as a copy in a queue of its delay, and only a handler that failed
   * counts as an attempt. `{ native: { minMs, maxMs, attempts } }` leaves the task in its quorum queue and has RabbitMQ 4.3
   * hold it back; older brokers are refused with a `BrokerVersionError`. There an attempt is whatever RabbitMQ counts: a lost
   * connection or channel too, for each delivery that was held, begun or not. `false`: the first failed attempt is the last.
   * @defaultValue { delaysMs: [1_000, 30_000, 300_000] }
   */
  retry: retryOptions,
  /**
   * What becomes of a received payload that the schema or the codec refuses. `retry`: a failed attempt like any other, since
   * a deploy in progress may mend it; after the last one it is dead-lettered all the same, as `invalid-payload`.
   * Before a worker with a changed schema starts, `dryRun(rabbit, contract)` says how much of what waits it would refuse, and why; the worker's
   * `breaker: { countInvalid: true }` stops one that refuses whatever it gets.
   * @defaultValue 'dead-letter'
   */
  onInvalid: z.enum(['dead-letter', 'retry']).default('dead-letter'),
  deadLetter: z.union([z.literal(false), deadLetterOptions]).prefault({}),
  version: versionOption.optional(),
})

/** What `workQueue` takes beside the name. */
export type WorkQueueOptions<S extends Schema> = Omit<z.input<typeof contractOptions>, 'payload'> & {
  /** What a task is. The sender gives the schema's input, the handler gets its output. */
  readonly payload: S
}

/**
 * Describes a queue of tasks, each for exactly one worker.
 *
 * By default: a durable quorum queue, four attempts (at once, then after 1 s, 30 s and 5 min), then the queue
 * `<name>.dead-letter`. The declared arguments belong to the contract: another service that declares the same queue must
 * describe it alike, or is refused with a `TopologyMismatchError`.
 *
 * @throws {@link OptionsError} when the description contradicts itself or RabbitMQ
 */
export function workQueue<const S extends Schema>(name: string, options: WorkQueueOptions<S>): WorkQueue<S> {
  return describeWorkQueue(name, options, `workQueue(${quoted(name)})`)
}

/** The same for a contract that has such a queue. @param where - that contract, for the error */
export function describeWorkQueue<S extends Schema>(
  name: string,
  options: WorkQueueOptions<S>,
  where: string,
): WorkQueue<S> {
  const checked = parseOptions(queueName, name, where)
  const { payload, codec, queue, retry, onInvalid, deadLetter, version } = parseOptions(contractOptions, options, where)
  if (deadLetter !== false && deadLetter.queue === checked) {
    throw new OptionsError(
      `${where}: deadLetter.queue is the queue itself: what fails would come back at once, for ever`,
    )
  }
  const hindrance = nativeRetryOf(retry) === undefined ? undefined : nativeHindrance(queue)
  if (hindrance !== undefined) throw new OptionsError(`${where}: retry.native: ${hindrance}`)
  const { legacyTransient: _allowed, consumerTimeoutMs, maxPriority, arguments: args, ...settings } = queue
  return Object.freeze({
    kind: 'work-queue',
    name: checked,
    payload: payload as S,
    codec,
    queue: Object.freeze({
      ...settings,
      ...(args === undefined ? {} : { arguments: args }),
      ...(consumerTimeoutMs === undefined ? {} : { consumerTimeoutMs }),
      ...(maxPriority === undefined ? {} : { maxPriority }),
    }),
    retry,
    onInvalid,
    deadLetter: deadLetter === false ? false : deadLetterSettings(checked, deadLetter),
    ...(version === undefined ? {} : { version }),
  })
}

/** Why RabbitMQ would not hold back what has failed in this queue. */
function nativeHindrance({ type, arguments: args }: z.output<typeof queueOptions>): string | undefined {
  if (type === 'classic') return 'only a quorum queue holds back what has failed'
  if (args === undefined) return undefined
  return 'it is made of arguments of the queue, and when queue.arguments are given they are all there is'
}

function deadLetterSettings(
  name: string,
  { queue = `${name}.dead-letter`, stack, redact }: z.output<typeof deadLetterOptions>,
): DeadLetterSettings {
  return Object.freeze({ queue, stack, ...(redact === undefined ? {} : { redact }) })
}
