import type { ConnectionInternals } from '../connection/connection.js'
import { ConnectionError } from '../errors/connection-error.js'

/**
 * Waits for a channel no longer than a publish waits for its confirm.
 *
 * @param ends - signals that end the wait earlier, each with its reason
 * @throws {@link ConnectionError} no channel was opened in time
 */
export async function patiently<T>(
  { consumeLane, settings: { publishTimeoutMs } }: Pick<ConnectionInternals, 'consumeLane' | 'settings'>,
  ends: readonly AbortSignal[],
  open: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const patience = new AbortController()
  const late = (): void => {
    const why = consumeLane.why ?? 'the broker has not answered'
    patience.abort(new ConnectionError('timeout', `No channel within ${publishTimeoutMs} ms: ${why}`))
  }
  const timer = setTimeout(late, publishTimeoutMs)
  try {
    return await open(AbortSignal.any([...ends, patience.signal]))
  } finally {
    clearTimeout(timer)
  }
}
