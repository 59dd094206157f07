import type { ConnectionInternals } from '../connection/connection.js'
import { ConnectionError } from '../errors/errors.js'

/**
 * Waits for a channel no longer than a publish would.
 *
 * @param ends - end it earlier, with their reason
 * @throws {@link ConnectionError} there was none in time
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
