import { z } from 'zod'
import { OptionsError } from '../../errors/options-error.js'
import { parseOptions } from '../../options.js'
import { existingOption, versionOption } from '../payloads/shared-options.js'
import {
  type DeadLetterOptions,
  type DeadLetterSettings,
  deadLetterOption,
  deadLetterSettings,
} from './dead-letter-options.js'
import {
  existingProblem,
  type QueueOptions,
  type QueueSettings,
  type QueueType,
  queueName,
  queueOptions,
  queueSettings,
} from './queue-options.js'
import { nativeRetryOf, type RetryOptions, type RetryPolicy, retryOptions } from './retry.js'

/** What the contracts of queues have in common: how the queue is declared, and what becomes of what fails. */
export interface QueueContract {
  readonly name: string
  readonly queue: QueueSettings
  /** `false`: the first failed attempt is the last. */
  readonly retry: RetryPolicy | false
  /** What a received payload means that the schema or the codec refuses: the end, or a failed attempt like any other. */
  readonly onInvalid: 'dead-letter' | 'retry'
  /** Where what failed for good is kept. `false`: it is dropped. */
  readonly deadLetter: DeadLetterSettings | false
  /** Written to the `leveret-contract` header, after the name. */
  readonly version?: string
  /** Whether somebody else declares the queue: leveret asks for it, and never declares it. */
  readonly existing: boolean
}

/** Options that the contracts of queues have in common. */
export interface QueueContractOptions<Type extends QueueType = QueueType> {
  /** How the queue is declared. Whoever else declares it must say the same, or is refused. By default it is a durable quorum queue. @defaultValue {} */
  readonly queue?: QueueOptions<Type> | undefined
  /**
   * When a failed attempt is made again.
   *
   * `{ delaysMs }` works on every broker: a failed task waits as a copy in a queue of its delay, and only a handler that failed
   * counts as an attempt. `{ native: { minMs, maxMs, attempts } }` leaves the task in its quorum queue and has RabbitMQ 4.3
   * hold it back; older brokers are refused with a `BrokerVersionError`. There an attempt is whatever RabbitMQ counts: a lost
   * connection or channel too, for each delivery that was held, begun or not. `false`: the first failed attempt is the last.
   * @defaultValue { delaysMs: [1_000, 30_000, 300_000] }
   */
  readonly retry?: RetryOptions<Type> | undefined
  /**
   * What becomes of a received payload that the schema or the codec refuses. `retry`: a failed attempt like any other, since
   * a deploy in progress may mend it; after the last one it is dead-lettered all the same, as `invalid-payload`.
   * Before a worker with a changed schema starts, `dryRun(rabbit, contract)` says how much of what waits it would refuse, and why; the worker's
   * `breaker: { countInvalid: true }` stops one that refuses whatever it gets.
   * @defaultValue 'dead-letter'
   */
  readonly onInvalid?: 'dead-letter' | 'retry' | undefined
  /**
   * Where what failed for good is kept, and what is kept with it. `false`: it is dropped.
   * @defaultValue {}
   */
  readonly deadLetter?: false | DeadLetterOptions | undefined
  /**
   * Written to the `leveret-contract` header, after the name: what tells the versions of a contract apart, of 1 to 64 characters.
   * @defaultValue none
   */
  readonly version?: string | undefined
  /**
   * Somebody else declares the queue: leveret asks whether it is there (a passive declaration), and never declares it. Its type and
   * arguments may be any. What is leveret's own, such as delay queues and the dead-letter queue, is declared all the same.
   * @defaultValue false
   */
  readonly existing?: boolean | undefined
}

/** The check of {@link QueueContractOptions}. */
export const queueContractOptions = z.strictObject({
  queue: queueOptions.prefault({}),
  retry: retryOptions,
  onInvalid: z.enum(['dead-letter', 'retry']).default('dead-letter'),
  deadLetter: deadLetterOption,
  version: versionOption.optional(),
  existing: existingOption,
})

/**
 * Describes a queue and what becomes of what fails in it.
 *
 * @param where - the contract, for the error
 * @throws {@link OptionsError} when the description contradicts itself or RabbitMQ
 */
export function describeQueueContract(
  name: string,
  options: z.output<typeof queueContractOptions>,
  where: string,
): QueueContract {
  const checked = parseOptions(queueName, name, where)
  const { queue, retry, onInvalid, deadLetter, version, existing } = options
  const hindrance = nativeRetryOf(retry) === undefined ? undefined : nativeHindrance(queue)
  if (hindrance !== undefined) throw new OptionsError(`${where}: retry.native: ${hindrance}`)
  const problem = existing ? existingProblem(queue) : undefined
  if (problem !== undefined) throw new OptionsError(`${where}: existing: ${problem}`)
  return {
    name: checked,
    queue: queueSettings(queue),
    retry,
    onInvalid,
    deadLetter: deadLetterSettings(checked, deadLetter, where),
    ...(version === undefined ? {} : { version }),
    existing,
  }
}

/** Why RabbitMQ would not hold back what has failed in this queue. */
function nativeHindrance({ type, arguments: args }: z.output<typeof queueOptions>): string | undefined {
  if (type === 'classic') return 'only a quorum queue holds back what has failed'
  if (args === undefined) return undefined
  return 'it is made of arguments of the queue, and when queue.arguments are given they are all there is'
}
