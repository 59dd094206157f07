import { z } from 'zod'
import { OptionsError } from '../errors.js'
import type { Failure } from './failure.js'
import { queueName } from './queue-options.js'
import { argumentsOption } from './shared-options.js'

/** Where dead letters are kept, and what is kept with them. */
export interface DeadLetterSettings {
  readonly queue: string
  readonly type: 'quorum' | 'classic'
  /** When given, exactly these are declared, and none is added. */
  readonly arguments?: Readonly<Record<string, unknown>>
  /** Whether somebody else declares it: leveret asks for it, and never declares it. */
  readonly existing: boolean
  /** Whether the error's stack is. */
  readonly stack: boolean
  readonly redact?: (failure: Failure) => Failure
}

/** Where dead letters are kept, and what is kept with them. */
export const deadLetterOptions = z
  .strictObject({
    /** @defaultValue `<name>.dead-letter` */
    queue: queueName.optional(),
    /**
     * `quorum` is declared so that no letter is dropped: `x-overflow: reject-publish` and a delivery limit that is as good as none.
     * `classic` is for a queue that somebody has declared as a plain classic one. @defaultValue 'quorum'
     */
    type: z.enum(['quorum', 'classic']).optional(),
    /** For a queue that somebody else declares too: exactly these arguments are declared, and leveret adds none. */
    arguments: argumentsOption.optional(),
    /**
     * Somebody else declares it: leveret asks whether it is there, and never declares it. One that drops letters (`x-max-length`,
     * `x-message-ttl`, a low delivery limit) drops those that were reported as kept. @defaultValue false
     */
    existing: z.boolean().default(false),
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
