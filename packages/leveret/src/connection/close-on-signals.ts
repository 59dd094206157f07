import { constants } from 'node:os'
import { z } from 'zod'
import { isThenable } from '../async/maybe-promise.js'
import { inRootContext } from '../async/root-context.js'
import { OptionsError } from '../errors/options-error.js'
import { parseOptions } from '../options.js'
import { type Closable, closeAll } from './closable.js'
import { closeOptions } from './closing.js'
import { Connection, internalsOf } from './connection.js'

const GRACE_MS = 1_000
const STILL_ALIVE =
  'leveret: closeOnSignals has closed everything, but something else keeps the process alive, for example a server that began to listen later'

const signalOption = z.custom<NodeJS.Signals>(
  (name) => typeof name === 'string' && name in constants.signals && name !== 'SIGKILL' && name !== 'SIGSTOP',
  'expected a signal to listen to',
)

/** Checks {@link CloseOnSignalsOptions}. */
export const signalOptions = closeOptions.extend({
  signals: z.array(signalOption).min(1).default(['SIGTERM', 'SIGINT']),
})

/** Options of `closeOnSignals`. */
export interface CloseOnSignalsOptions {
  /**
   * How long closing all of them may take together, in milliseconds, from 0 to 2,147,483,647. Keep it below the grace
   * period of the platform; Kubernetes kills after 30 s.
   * @defaultValue 25_000
   */
  readonly timeoutMs?: number | undefined
  /**
   * The signals that end the program, at least one. Docker, Kubernetes and systemd send SIGTERM, and Ctrl-C sends
   * SIGINT.
   * @defaultValue ['SIGTERM', 'SIGINT']
   */
  readonly signals?: readonly NodeJS.Signals[] | undefined
}

/**
 * Closes what the program holds when the process gets a signal to end: one after the other, in the order of the list.
 * List first what brings work, and last what the work needs: `closeOnSignals([httpServer, rabbit, pool])`.
 *
 * - A connection or role of leveret finishes its running work, for as long as there is time.
 * - A server of Node.js (`http`, `https`, `net`) takes no new connections, and is closed when its requests have ended.
 *   Connections without a request are closed at once, and all others when the time is up.
 * - On any other object `[Symbol.asyncDispose]()` is called and awaited, or else `close()` without arguments. If its
 *   method has another name, or takes a callback, wrap it: `{ close: () => pool.end() }`.
 *
 * A failure or a timeout is reported to the logger of the first connection, or as a process warning. The others are
 * closed all the same, and each has at least half a second.
 *
 * Afterwards the process ends by itself, if nothing else keeps it alive. If something does, a process warning says so
 * after a second. The exit code is 0, or 1 after a failure or a timeout. A second signal acts as if this function had
 * not been called: it ends the process at once, which a shell shows as 130 (SIGINT) or 143 (SIGTERM).
 *
 * A role that is created or started after the signal throws a `ClosedError`: catch it, or it ends the process with code
 * 1. A start that was called before the signal resolves, and the program goes on after it: let servers begin to listen
 * before that, or they listen after the close and keep the process alive.
 *
 * @param closables - one, or several in their order
 * @throws {@link OptionsError} if one of them cannot be closed, or an option is wrong
 * @returns a function that stops listening to the signals. A single connection also does that when it has been closed
 * @example
 * ```ts
 * import { createServer } from 'node:http'
 * import { closeOnSignals, connect } from 'leveret'
 *
 * const rabbit = await connect(process.env.RABBITMQ_URL ?? 'amqp://localhost')
 * const api = createServer((_request, response) => response.end('hello'))
 * closeOnSignals([api, rabbit])
 * api.listen(0, () => console.log('listening')) // prints: listening
 * ```
 */
export function closeOnSignals(
  closables: Closable | readonly Closable[],
  options: CloseOnSignalsOptions = {},
): () => void {
  const { signals, timeoutMs } = parseOptions(signalOptions, options, 'closeOnSignals')
  const all = [closables].flat() as readonly Closable[]
  if (all.length === 0) throw new OptionsError('closeOnSignals: the list is empty, so there is nothing to close')
  for (const [index, closable] of all.entries()) checkClosable(closable, index + 1)
  const leave = (): void => {
    for (const signal of signals) process.off(signal, onSignal)
  }
  const onSignal = (): void => {
    // Without a listener the next signal has its default effect.
    leave()
    void inRootContext(closeAndTell, all, timeoutMs)
  }
  for (const signal of signals) process.on(signal, onSignal)
  const [first, ...others] = all
  if (first instanceof Connection && others.length === 0) first.on('closed', leave)
  return leave
}

async function closeAndTell(closables: readonly Closable[], timeoutMs: number): Promise<void> {
  await closeAll(closables, timeoutMs, reporterOf(closables))
  // The timer itself does not keep the process alive.
  setTimeout(() => process.emitWarning(STILL_ALIVE, 'LeveretWarning'), GRACE_MS).unref()
}

/** @throws {@link OptionsError} */
function checkClosable(closable: unknown, position: number): void {
  const { close, [Symbol.asyncDispose]: dispose } = Object(closable)
  if (typeof close === 'function' || typeof dispose === 'function') return
  const why = isThenable(closable) ? 'is a promise: await it first' : 'has neither close() nor [Symbol.asyncDispose]()'
  throw new OptionsError(`closeOnSignals: argument ${position} ${why}`)
}

function reporterOf(closables: readonly Closable[]): (message: string) => void {
  const rabbit = closables.find((closable) => closable instanceof Connection)
  if (rabbit !== undefined) return (message) => internalsOf(rabbit).log.warn(message)
  return (message) => process.emitWarning(`leveret: ${message}`, 'LeveretWarning')
}
