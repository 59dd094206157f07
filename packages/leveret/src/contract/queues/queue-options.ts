import { z } from 'zod'
import { MAX_TIMER_MS } from '../../async/timing.js'
import { shortString } from '../../message/short-string.js'
import { argumentsOption } from '../payloads/shared-options.js'
import type { Impossible } from './impossible.js'

/** Settings that a queue is declared with. */
export interface QueueSettings {
  readonly type: QueueType
  readonly durable: boolean
  /** Place of the dead-letter route and of the delivery limit. */
  readonly settings: 'arguments' | 'policy'
  /** Arguments of the queue. If given, exactly these are declared. */
  readonly arguments?: Readonly<Record<string, unknown>>
  readonly singleActive: boolean
  readonly consumerTimeoutMs?: number
  readonly maxPriority?: number
}

/** Checks the name of a queue. RabbitMQ takes 255 bytes; the suffix of a delay or dead-letter queue must still fit. */
export const queueName: z.ZodString = shortString('a queue name', 200)
  .min(1)
  .refine((name) => !name.startsWith('amq.'), "names that begin with 'amq.' are RabbitMQ's own")

/** Types of queues that a contract may ask for. */
export type QueueType = 'quorum' | 'classic'

/** Options of a queue. An option that its type cannot have does not compile. */
export interface QueueOptions<Type extends QueueType = QueueType> {
  /**
   * Type of the queue. `quorum` is replicated, and RabbitMQ recommends it. `classic` is declared explicitly, so that
   * the queue is classic even if the vhost's default is another type. RabbitMQ treats it as equal to a queue that was
   * declared without a type.
   * @defaultValue 'quorum'
   */
  readonly type?: Type | undefined
  /**
   * Whether the queue survives a restart of the broker. A quorum queue always does. `false` needs `legacyTransient`.
   * @defaultValue true
   */
  readonly durable?:
    | true
    | (Type extends 'classic' ? false : Impossible<"a quorum queue is always durable: set type: 'classic'">)
    | undefined
  /**
   * Arguments of a queue that another program declares: exactly these are declared, and leveret adds none. Dead letters
   * are then copies that leveret publishes, and never the broker's own. At most 48 KiB.
   * @defaultValue those that the other options ask for
   */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
  /**
   * Place of the dead-letter route and of the delivery limit. `policy` declares only what cannot be changed later
   * (type, single active consumer, consumer timeout, priorities). The rest is left to a policy, which an operator can
   * change at any time: `policyOf(contract)`. Until the policy is set, the queue has neither.
   * @see https://www.rabbitmq.com/docs/policies
   * @defaultValue 'arguments'
   */
  readonly settings?: 'arguments' | 'policy' | undefined
  /**
   * Whether only one consumer at a time gets deliveries. Another takes over when that one is gone. On a quorum queue,
   * give all of them the same `prefetch`: RabbitMQ puts what comes back behind what came back before, so the order
   * changes when a consumer took only a part of it and is lost too.
   * @see https://www.rabbitmq.com/docs/consumers#single-active-consumer
   * @defaultValue false
   */
  readonly singleActive?: boolean | undefined
  /**
   * How long the broker waits for an ack before it closes the channel, in milliseconds, from 60,000 to 2,147,483,647.
   * Quorum queues only.
   * @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
   * @defaultValue the broker's own, 30 minutes
   */
  readonly consumerTimeoutMs?:
    | (Type extends 'quorum' ? number : Impossible<'only a quorum queue takes a consumer timeout'>)
    | undefined
  /**
   * The highest priority, from 1 to 255; priorities begin at 0. Classic queues only.
   * @see https://www.rabbitmq.com/docs/priority
   * @defaultValue none: tasks have no priorities
   */
  readonly maxPriority?:
    | (Type extends 'classic'
        ? number
        : Impossible<"only a classic queue takes a maximal priority: set type: 'classic'">)
    | undefined
  /**
   * Whether `durable: false` is allowed, as the oldest tutorials declare it. RabbitMQ 4.3 refuses such a queue by
   * default.
   * @see https://www.rabbitmq.com/docs/deprecated-features
   * @defaultValue false
   */
  readonly legacyTransient?: boolean | undefined
}

/** Checks {@link QueueOptions}. */
export const queueOptions = z
  .strictObject({
    type: z.enum(['quorum', 'classic']).default('quorum'),
    durable: z.boolean().default(true),
    arguments: argumentsOption.optional(),
    settings: z.enum(['arguments', 'policy']).default('arguments'),
    singleActive: z.boolean().default(false),
    consumerTimeoutMs: z.int().min(60_000).max(MAX_TIMER_MS).optional(),
    maxPriority: z.int().min(1).max(255).optional(),
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
    message: 'a queue that is not durable needs legacyTransient: true, and a broker that still permits such queues',
  })
  .refine(
    ({ arguments: args, singleActive, consumerTimeoutMs, maxPriority, settings }) =>
      args === undefined || !(singleActive || consumerTimeoutMs || maxPriority || settings === 'policy'),
    {
      path: ['arguments'],
      message:
        'arguments replace these options: write singleActive, consumerTimeoutMs and maxPriority as arguments, ' +
        "and leave settings: 'policy' out",
    },
  )

/**
 * Whether a queue is certain to be classic. Arguments without a type leave the type to the vhost, whose default may be
 * quorum.
 */
export function isClassic({ type, arguments: given }: Pick<QueueSettings, 'type' | 'arguments'>): boolean {
  return (given === undefined ? type : given['x-queue-type']) === 'classic'
}

/** The options after parsing, with every default filled in. */
export type CheckedQueueOptions = z.output<typeof queueOptions>

/** Says why these options make no sense for a queue that leveret does not declare; `undefined` if they do. */
export function existingProblem({
  arguments: args,
  settings,
  durable,
  maxPriority,
}: CheckedQueueOptions): string | undefined {
  const isPlain = args === undefined && settings === 'arguments' && durable && maxPriority === undefined
  if (isPlain) return undefined
  return 'leveret does not declare this queue: queue may have only type, singleActive and consumerTimeoutMs; leave out the others'
}

/** Returns the settings of a queue, without options that only allow others. */
export function queueSettings({
  legacyTransient: _allowed,
  consumerTimeoutMs,
  maxPriority,
  arguments: args,
  ...settings
}: CheckedQueueOptions): QueueSettings {
  return Object.freeze({
    ...settings,
    ...(args === undefined ? {} : { arguments: args }),
    ...(consumerTimeoutMs === undefined ? {} : { consumerTimeoutMs }),
    ...(maxPriority === undefined ? {} : { maxPriority }),
  })
}
