import { z } from 'zod'
import type { Failure } from '../../errors/failure.js'
import { OptionsError } from '../../errors/options-error.js'
import { argumentsOption } from '../payloads/shared-options.js'
import { type QueueType, queueName } from './queue-options.js'

/** Where dead letters are kept, and what is kept with them. */
export interface DeadLetterSettings {
  readonly queue: string
  readonly type: QueueType
  /** When given, exactly these are declared, and none is added. */
  readonly arguments?: Readonly<Record<string, unknown>>
  /** Whether somebody else declares it: leveret asks for it, and never declares it. */
  readonly existing: boolean
  /** Whether the error's stack is. */
  readonly stack: boolean
  readonly redact?: (failure: Failure) => Failure
}

/** Where dead letters are kept, and what is kept with them. Of `type`, `arguments` and `existing`, at most one is given. */
export interface DeadLetterOptions {
  /** The name of the queue, of at most 200 bytes. Letters of several contracts may share one. @defaultValue `<name>.dead-letter` */
  readonly queue?: string | undefined
  /**
   * `quorum` is declared so that no letter is dropped: `x-overflow: reject-publish` and a delivery limit that is as good as none.
   * `classic` is for a queue that somebody has declared as a plain classic one. @defaultValue 'quorum'
   */
  readonly type?: QueueType | undefined
  /**
   * For a queue that somebody else declares too: exactly these arguments are declared, and leveret adds none. At most 48 KiB.
   * @defaultValue those of `type`
   */
  readonly arguments?: Readonly<Record<string, unknown>> | undefined
  /**
   * Somebody else declares it: leveret asks whether it is there, and never declares it. One that drops letters (`x-max-length`,
   * `x-message-ttl`, a low delivery limit) drops those that were reported as kept. @defaultValue false
   */
  readonly existing?: boolean | undefined
  /** Keeps the stack of the error as well. It may name paths and values that are nobody else's business. @defaultValue false */
  readonly stack?: boolean | undefined
  /**
   * Gets the error of a delivery that is given up and returns what may be kept of it. It must be pure and fast. Should it
   * throw, or return something else, nothing of the error is kept.
   * @defaultValue all of it is kept
   */
  readonly redact?: ((failure: Failure) => Failure) | undefined
}

/** The check of {@link DeadLetterOptions}. */
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
    message: 'type, arguments and existing each say all of how it is declared: give one of them',
  })

/** Where dead letters are kept. `false`: nowhere, they are dropped. */
export const deadLetterOption = z.union([z.literal(false), deadLetterOptions]).prefault({})

/**
 * Fills in what is left to the contract's name.
 *
 * @throws {@link OptionsError} it is the queue itself
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
      `${where}: deadLetter.queue is the queue itself: what fails would come back at once, for ever`,
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
