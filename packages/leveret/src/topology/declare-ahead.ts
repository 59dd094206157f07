import { z } from 'zod'
import { MAX_TIMER_MS } from '../async/timing.js'
import { type Connection, internalsOf } from '../connection/connection.js'
import { ConnectionError } from '../errors/errors.js'
import { parseOptions, signalOption } from '../options.js'
import { checkDescribed, type Described, declarationsOf } from './contract-declarations.js'
import { declare as declareOnLane } from './declare.js'

/** How topology is declared ahead of time. */
export interface DeclareOptions {
  /**
   * How long it may take, the time without a connection included, in milliseconds, from 1 to 2,147,483,647. Then it rejects with a
   * `ConnectionError`. @defaultValue the connection's `publishTimeoutMs`
   */
  readonly timeoutMs?: number | undefined
  /** Gives it up: it rejects with the signal's reason. What was declared stays. */
  readonly signal?: AbortSignal | undefined
}

/** Checks {@link DeclareOptions}. */
export const declareOptions = z.strictObject({
  timeoutMs: z.int().min(1).max(MAX_TIMER_MS).optional(),
  signal: signalOption.optional(),
})

/**
 * Makes topology ahead of time: everything that {@link declarationsOf} lists, one after the other. It may be called again and again, as each
 * start of a service does: what is there already stays as it is. It declares whatever the connection's `topology` says, so services
 * that connect with `'check'` can use what one that may configure has made.
 *
 * Nothing is ever removed: neither a binding nor a queue that no contract has any more.
 *
 * @throws {@link TopologyMismatchError} something exists with other arguments; what comes before it in the list was declared
 * @throws {@link BrokerVersionError} the broker is too old for a contract; nothing was declared
 * @throws {@link BrokerError} something may not be declared, or what others declare is not there
 * @throws {@link ConnectionError} there was no connection, or no answer in time
 * @throws {@link ClosedError} the connection has been closed
 * @throws {@link OptionsError} what is given is neither an application nor a contract
 */
export async function declare(rabbit: Connection, described: Described, options: DeclareOptions = {}): Promise<void> {
  const { publishLane, settings, assertOpen } = internalsOf(rabbit)
  const { timeoutMs = settings.publishTimeoutMs, signal } = parseOptions(declareOptions, options, 'declare')
  checkDescribed('declare', described)
  assertOpen()
  const patience = new AbortController()
  const late = (): void => {
    const why = publishLane.why ?? 'the broker has not answered'
    patience.abort(new ConnectionError('timeout', `declare: not done within ${timeoutMs} ms: ${why}`))
  }
  const timer = setTimeout(late, timeoutMs)
  try {
    const ends = AbortSignal.any([patience.signal, ...(signal === undefined ? [] : [signal])])
    await declareOnLane(publishLane, declarationsOf(described), 'declare', ends)
  } finally {
    clearTimeout(timer)
  }
}
