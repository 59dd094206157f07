import { parseOptions } from '../options.js'
import { type CloseOptions, closeOptions } from './closing.js'
import type { Connection } from './connection.js'

/**
 * Closes the connection when the process is asked to end: what is in hand is finished, and then the process ends by itself,
 * with exit code 0. A role that is made or started after the signal throws a `ClosedError`: catch it, or it ends the process with code 1.
 * A second signal does what it would do without this: it ends the process at once.
 *
 * @param signals - the usual ones are SIGTERM (Docker, Kubernetes, systemd) and SIGINT (Ctrl-C)
 * @param options.timeoutMs - keep it below what the platform grants; Kubernetes kills after 30 s. Default: 25 000
 * @throws {@link OptionsError}
 * @returns a function that leaves the signals alone again
 */
export function closeOnSignals(
  rabbit: Connection,
  signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT'],
  options: CloseOptions = {},
): () => void {
  const checked = parseOptions(closeOptions, options, 'closeOnSignals')
  const leave = (): void => {
    for (const signal of signals) process.off(signal, onSignal)
  }
  const onSignal = (): void => {
    // Without a listener the next signal does what it always does.
    leave()
    void rabbit.close(checked)
  }
  for (const signal of signals) process.on(signal, onSignal)
  rabbit.on('closed', leave)
  return leave
}
