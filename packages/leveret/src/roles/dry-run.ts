import { z } from 'zod'
import { type Connection, internalsOf } from '../connection/connection.js'
import { checkContract } from '../contract/payloads/shared-options.js'
import type { Subscription } from '../contract/queues/subscription.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'
import { patiently } from '../dead-letters/patience.js'
import { isStream } from '../dead-letters/stream-check.js'
import { type DryRun, trialOn } from '../dead-letters/trial.js'
import { OptionsError } from '../errors/options-error.js'
import { parseOptions } from '../options.js'

const CLOSE_TIMEOUT_MS = 2_000

/** Checks {@link DryRunOptions}. */
export const dryRunOptions = z.strictObject({ limit: z.int().min(1).max(10_000).default(100) })

/** Options of `dryRun`. */
export interface DryRunOptions {
  /** The most messages to read, from 1 to 10,000. All of them are held until the last one is read. @defaultValue 100 */
  readonly limit?: number | undefined
}

/**
 * Reads the first messages of a work queue, or of a subscription's queue, checks each against the contract, and gives
 * all of them back. Run it before you start a worker or subscriber with a changed schema: messages that the schema
 * refuses would go to the dead-letter queue at once.
 *
 * It declares, settles and handles nothing, whatever the connection's `topology` is. It still leaves traces: meanwhile
 * no worker gets these messages; afterwards each is `redelivered`, and a quorum queue may put them behind the messages
 * that were not read. RabbitMQ before 4.3 counts the return (`basic.nack(requeue=true)`) towards the delivery limit of
 * a quorum queue. So do not run it in a loop.
 *
 * @returns how many of the messages would be refused, and why: paths and the schema's own sentences, at most 500
 *   characters of each. They hold values only where you have written a sentence that quotes one (SECURITY.md)
 * @throws {@link BrokerError} there is no such queue, the user may not read it, or it has a single active consumer, for
 *   which RabbitMQ refuses `basic.get`
 * @throws {@link ConnectionError} there was no channel in time, or it was lost; all messages are then back in the queue
 * @throws {@link OptionsError} also where the queue is a stream; {@link ClosedError}
 */
export async function dryRun(
  rabbit: Connection,
  contract: WorkQueue | Subscription,
  options: DryRunOptions = {},
): Promise<DryRun> {
  checkContract('dryRun', contract, 'work-queue', 'subscription')
  const { limit } = parseOptions(dryRunOptions, options, 'dryRun')
  const internals = internalsOf(rabbit)
  internals.assertOpen()
  const { consumeLane, settings } = internals
  const channel = await patiently(internals, [], async (signal) => {
    const mayBeStream = contract.existing || contract.queue.arguments !== undefined
    if (mayBeStream && (await isStream(consumeLane, contract.name, signal))) {
      throw new OptionsError(`dryRun: the queue '${contract.name}' is a stream, so its messages cannot be tried`)
    }
    return await consumeLane.openChannel('plain', {}, signal)
  })
  try {
    return await trialOn(channel, contract, limit, settings.publishTimeoutMs)
  } finally {
    await channel.close(CLOSE_TIMEOUT_MS)
  }
}
