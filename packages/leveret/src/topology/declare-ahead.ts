import { z } from 'zod'
import { MAX_TIMER_MS } from '../async/timing.js'
import { type Connection, internalsOf } from '../connection/connection.js'
import { ConnectionError } from '../errors/connection-error.js'
import { parseOptions, signalOption } from '../options.js'
import { checkDescribed, type Described, declarationsOf } from './contract-declarations.js'
import { declare as declareOnLane } from './declare.js'

/** Options of {@link declare}. */
export interface DeclareOptions {
  /**
   * The longest duration of the call, including the time without a connection, in milliseconds, from 1 to
   * 2,147,483,647. Then it rejects with a `ConnectionError`. @defaultValue the connection's `publishTimeoutMs`
   */
  readonly timeoutMs?: number | undefined
  /** Ends the call: it rejects with the signal's reason. Objects that were declared stay. */
  readonly signal?: AbortSignal | undefined
}

/** Checks {@link DeclareOptions}. */
export const declareOptions = z.strictObject({
  timeoutMs: z.int().min(1).max(MAX_TIMER_MS).optional(),
  signal: signalOption.optional(),
})

/**
 * Declares topology ahead of time: everything that {@link declarationsOf} lists, one after the other. It may be
 * repeated, as at each start of a service: existing objects stay as they are. It declares whatever the connection's
 * `topology` option says, so services that connect with `'check'` can use objects that a service with more rights has
 * declared.
 *
 * It removes nothing: neither a binding nor a queue that no contract has any more.
 *
 * @throws {@link TopologyMismatchError} an object exists with other arguments; those before it in the list were
 *   declared
 * @throws {@link BrokerVersionError} the broker is too old for a contract; nothing was declared
 * @throws {@link BrokerError} the user may not declare an object, or an `existing` object is missing
 * @throws {@link ConnectionError} there was no connection, or no answer in time
 * @throws {@link ClosedError} the connection has been closed
 * @throws {@link OptionsError} the argument is neither an application nor a contract, nor a list of them
 * @example
 * ```ts
 * import { application, connect, declare, workQueue } from 'leveret'
 * import { z } from 'zod'
 *
 * const emails = workQueue('emails', { payload: z.object({ to: z.email() }) })
 * await using rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
 * await declare(rabbit, application({ name: 'mailer', version: '1.0.0', works: [emails] }))
 * ```
 */
export async function declare(rabbit: Connection, described: Described, options: DeclareOptions = {}): Promise<void> {
  const { publishLane, settings, assertOpen } = internalsOf(rabbit)
  const { timeoutMs = settings.publishTimeoutMs, signal } = parseOptions(declareOptions, options, 'declare')
  checkDescribed('declare', described)
  assertOpen()
  const patience = new AbortController()
  const late = (): void => {
    const why = publishLane.why ?? 'the broker has not answered'
    patience.abort(new ConnectionError('timeout', `declare: not finished within ${timeoutMs} ms: ${why}`))
  }
  const timer = setTimeout(late, timeoutMs)
  try {
    const ends = AbortSignal.any([patience.signal, ...(signal === undefined ? [] : [signal])])
    await declareOnLane(publishLane, declarationsOf(described), 'declare', ends)
  } finally {
    clearTimeout(timer)
  }
}
