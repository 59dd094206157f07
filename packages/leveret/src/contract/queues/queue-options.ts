import { z } from 'zod'
import { MAX_TIMER_MS } from '../../async/timing.js'
import { shortString } from '../../message/short-string.js'
import { argumentsOption } from '../payloads/shared-options.js'
import type { Impossible } from './impossible.js'

/** A queue, as it is declared. */
export interface QueueSettings {
  readonly type: QueueType
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
export const queueName: z.ZodString = shortString('a queue name', 200)
  .min(1)
  .refine((name) => !name.startsWith('amq.'), "names that begin with 'amq.' are RabbitMQ's own")

/** The types of queues that a contract may ask for. */
export type QueueType = 'quorum' | 'classic'

/** How a queue is declared. What its type cannot have does not compile. */
export interface QueueOptions<Type extends QueueType = QueueType> {
  /**
   * `quorum` is replicated, and the broker's own advice. `classic` is declared as such, so that it is one also where the vhost's
   * default is another type; RabbitMQ takes a queue that was declared without a type for the same. @defaultValue 'quorum'
   */
  readonly type?: Type | undefined
  /**
   * Survives a restart of the broker. A quorum queue always does. `false` needs `legacyTransient`. @defaultValue true
   */
  readonly durable?:
    | true
    | (Type extends 'classic' ? false : Impossible<"a quorum queue is always durable: say type: 'classic'">)
    | undefined
  /**
   * For a queue that somebody else declares: exactly these arguments are declared, and leveret adds none. Dead letters
   * are then copies that leveret makes, never the broker's own. At most 48 KiB.
   * @defaultValue those that the other options ask for
   */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
  /**
   * `policy` declares only what cannot be changed later (type, single active consumer, consumer timeout, priorities) and
   * leaves the dead-letter route and the delivery limit to a policy, which an operator can change at any time:
   * `policyOf(contract)`. Until it is set, the queue has neither.
   * @see https://www.rabbitmq.com/docs/policies
   * @defaultValue 'arguments'
   */
  readonly settings?: 'arguments' | 'policy' | undefined
  /**
   * Only one consumer at a time gets deliveries; another takes over when that one is gone.
   * @see https://www.rabbitmq.com/docs/consumers#single-active-consumer
   * @defaultValue false
   */
  readonly singleActive?: boolean | undefined
  /**
   * How long the broker waits for an ack before it closes the channel, in milliseconds, from 60,000 to 2,147,483,647. Quorum only.
   * @see https://www.rabbitmq.com/docs/consumers#acknowledgement-timeout
   * @defaultValue the broker's own, 30 minutes
   */
  readonly consumerTimeoutMs?:
    | (Type extends 'quorum' ? number : Impossible<'only a quorum queue takes a consumer timeout'>)
    | undefined
  /**
   * Priorities from 0 to this, which is from 1 to 255. Classic only.
   * @see https://www.rabbitmq.com/docs/priority
   * @defaultValue none: tasks have no priorities
   */
  readonly maxPriority?:
    | (Type extends 'classic'
        ? number
        : Impossible<"only a classic queue takes a maximal priority: say type: 'classic'">)
    | undefined
  /**
   * Allows `durable: false`, as the oldest tutorials declare it. RabbitMQ 4.3 refuses such a queue by default.
   * @see https://www.rabbitmq.com/docs/deprecated-features
   * @defaultValue false
   */
  readonly legacyTransient?: boolean | undefined
}

/** The check of {@link QueueOptions}. */
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

/** Whether a queue is sure to be classic. Arguments without a type leave that to the vhost, which may say quorum. */
export function isClassic({ type, arguments: given }: Pick<QueueSettings, 'type' | 'arguments'>): boolean {
  return (given === undefined ? type : given['x-queue-type']) === 'classic'
}

/** The same, checked, with every default in place. */
export type CheckedQueueOptions = z.output<typeof queueOptions>

/** Why these options say nothing of a queue that leveret does not declare; `undefined` when they may stand. */
export function existingProblem({
  arguments: args,
  settings,
  durable,
  maxPriority,
}: CheckedQueueOptions): string | undefined {
  const isPlain = args === undefined && settings === 'arguments' && durable && maxPriority === undefined
  if (isPlain) return undefined
  return 'the queue is not declared: of queue, only type, singleActive and consumerTimeoutMs say what it is; leave the others out'
}

/** The settings of a queue, without what was only asked for their sake. */
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
