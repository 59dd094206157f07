import { z } from 'zod'
import type { Failure } from '../../errors/failure.js'
import { OptionsError } from '../../errors/options-error.js'
import { argumentsOption } from '../payloads/shared-options.js'
import { type QueueType, queueName } from './queue-options.js'

/** Settings of the dead-letter queue, and of what it keeps. */
export interface DeadLetterSettings {
  readonly queue: string
  readonly type: QueueType
  /** Arguments of the queue. If given, exactly these are declared. */
  readonly arguments?: Readonly<Record<string, unknown>>
  /** Whether another program declares the queue, so that leveret only checks that it exists. */
  readonly existing: boolean
  /** Whether the stack of the error is kept. */
  readonly stack: boolean
  readonly redact?: (failure: Failure) => Failure
}

/** Options of the dead-letter queue, and of what it keeps. Give at most one of `type`, `arguments` and `existing`. */
export interface DeadLetterOptions {
  /**
   * Name of the queue, at most 200 bytes. Letters of several contracts may share one.
   * @defaultValue `<name>.dead-letter`
   */
  readonly queue?: string | undefined
  /**
   * Type of the queue. `quorum` is declared so that no letter is dropped: with `x-overflow: reject-publish` and a very
   * high delivery limit. `classic` is for a queue that another program has declared as a plain classic queue.
   * @defaultValue 'quorum'
   */
  readonly type?: QueueType | undefined
  /**
   * Arguments of a queue that another program declares too: exactly these are declared, and leveret adds none. At most
   * 48 KiB.
   * @defaultValue those of `type`
   */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
  /**
   * Whether another program declares the queue. leveret then only checks that it exists. A queue that drops messages
   * (`x-max-length`, `x-message-ttl`, a low delivery limit) also drops letters that leveret has reported as kept.
   * @defaultValue false
   */
  readonly existing?: boolean | undefined
  /** Whether the stack of the error is kept as well. It may hold private paths and values. @defaultValue false */
  readonly stack?: boolean | undefined
  /**
   * Receives the error of a delivery that has failed for good, and returns the part that may be kept. It must be pure
   * and fast. If it throws, or returns something else, nothing of the error is kept.
   * @defaultValue all of it is kept
   */
  readonly redact?: ((failure: Failure) => Failure) | undefined
}

/** Checks {@link DeadLetterOptions}. */
export const deadLetterOptions = z
  .strictObject({
    queue: queueName.optional(),
    type: z.enum(['quorum', 'classic']).optional(),
    arguments: argumentsOption.optional(),
    existing: z.boolean().default(false),
    stack: z.boolean().default(false),
    redact: z
      .custom<(failure: Failure) => Failure>((value) => typeof value === 'function', 'expected a function')
      .optional(),
  })
  .refine(({ type, arguments: args, existing }) => [type, args, existing || undefined].filter(Boolean).length < 2, {
    path: ['queue'],
    message: 'give only one of type, arguments and existing',
  })

/** Checks the option `deadLetter`. With `false`, failed messages are dropped. */
export const deadLetterOption = z.union([z.literal(false), deadLetterOptions]).prefault({})

/**
 * Fills in the defaults that depend on the contract's name.
 *
 * @throws {@link OptionsError} if the dead-letter queue is the queue itself
 */
export function deadLetterSettings(
  name: string,
  given: z.output<typeof deadLetterOptions> | false,
  where: string,
): DeadLetterSettings | false {
  if (given === false) return false
  const { queue = `${name}.dead-letter`, type = 'quorum', arguments: args, existing, stack, redact } = given
  if (queue === name) {
    throw new OptionsError(
      `${where}: deadLetter.queue is the queue itself: failed messages would return at once, without end`,
    )
  }
  return Object.freeze({
    queue,
    type,
    ...(args === undefined ? {} : { arguments: args }),
    existing,
    stack,
    ...(redact === undefined ? {} : { redact }),
  })
}
