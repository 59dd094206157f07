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

/** The common part of contracts with a queue: how the queue is declared, and what happens to failed messages. */
export interface QueueContract {
  readonly name: string
  readonly queue: QueueSettings
  /** Retries of a failed attempt. `false`: the first failed attempt is the last. */
  readonly retry: RetryPolicy | false
  /**
   * Treatment of a received payload that the schema or the codec refuses: dead-lettered at once, or a failed attempt
   * like any other.
   */
  readonly onInvalid: 'dead-letter' | 'retry'
  /** Queue for messages that failed for good. `false`: they are dropped. */
  readonly deadLetter: DeadLetterSettings | false
  /** Version of the contract, written to the `leveret-contract` header after the name. */
  readonly version?: string
  /** Whether another program declares the queue, so that leveret only checks that it exists. */
  readonly existing: boolean
}

/** Options that contracts with a queue have in common. */
export interface QueueContractOptions<Type extends QueueType = QueueType> {
  /**
   * Options of the queue. Any other program that declares the queue must declare the same, or is refused. By default it
   * is a durable quorum queue.
   * @defaultValue {}
   */
  readonly queue?: QueueOptions<Type> | undefined
  /**
   * Retries of a failed attempt. `false`: the first failed attempt is the last.
   *
   * `{ delaysMs }` works on every broker. A failed task waits as a copy in a queue of its delay, and only a failed
   * handler counts as an attempt.
   *
   * `{ native: { minMs, maxMs, attempts } }` leaves the task in its quorum queue, and RabbitMQ 4.3 delays the
   * redelivery. Older brokers are refused with a `BrokerVersionError`. An attempt is then whatever RabbitMQ counts. A
   * lost connection or channel counts too, for each unacknowledged delivery, whether its handler began or not.
   * @defaultValue { delaysMs: [1_000, 30_000, 300_000] }
   */
  readonly retry?: RetryOptions<Type> | undefined
  /**
   * Treatment of a received payload that the schema or the codec refuses. `dead-letter`: it is dead-lettered at once.
   * `retry`: it is a failed attempt like any other, because a deployment in progress may resolve it; after the last
   * attempt it is dead-lettered all the same, as `invalid-payload`.
   *
   * Before a worker with a changed schema starts, `dryRun(rabbit, contract)` counts the waiting messages that it would
   * refuse, with the reasons. The worker's `breaker: { countInvalid: true }` stops a worker that refuses all it gets.
   * @defaultValue 'dead-letter'
   */
  readonly onInvalid?: 'dead-letter' | 'retry' | undefined
  /**
   * Options of the queue for messages that failed for good. `false`: they are dropped.
   * @defaultValue {}
   */
  readonly deadLetter?: false | DeadLetterOptions | undefined
  /**
   * Version of the contract, from 1 to 64 characters. It is written to the `leveret-contract` header, after the name.
   * @defaultValue none
   */
  readonly version?: string | undefined
  /**
   * Whether another program declares the queue. leveret then only checks that it exists (a passive declaration), with
   * any type and arguments. It still declares its own queues, such as delay queues and the dead-letter queue.
   * @defaultValue false
   */
  readonly existing?: boolean | undefined
}

/** Checks {@link QueueContractOptions}. */
export const queueContractOptions = z.strictObject({
  queue: queueOptions.prefault({}),
  retry: retryOptions,
  onInvalid: z.enum(['dead-letter', 'retry']).default('dead-letter'),
  deadLetter: deadLetterOption,
  version: versionOption.optional(),
  existing: existingOption,
})

/**
 * Describes a queue, and what happens to failed messages.
 *
 * @param where - the contract, for the error
 * @throws {@link OptionsError} if the description contradicts itself or RabbitMQ
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

/** Says why RabbitMQ would not delay failed messages of this queue; `undefined` if it would. */
function nativeHindrance({ type, arguments: args }: z.output<typeof queueOptions>): string | undefined {
  if (type === 'classic') return 'only a quorum queue can delay a redelivery'
  if (args === undefined) return undefined
  return 'it needs arguments of its own, which queue.arguments replaces'
}
