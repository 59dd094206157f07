import { inRootContext } from '../async/root-context.js'
import type { Log } from '../log.js'

/** How many checks are made within the limit. */
const LOOKS = 4

/**
 * Warns if the event loop was blocked for longer than half a heartbeat, as soon as it runs again. Without heartbeats
 * the broker does not care how long a process is silent.
 *
 * @param onLag - gets the duration, in whole milliseconds
 * @returns a function that stops the watch. The watch does not keep the process alive
 */
export function watchLoopLag(heartbeatMs: number, log: Log, onLag: (blockedMs: number) => void): () => void {
  if (heartbeatMs === 0) return () => undefined
  const limitMs = heartbeatMs / 2
  const everyMs = limitMs / LOOKS
  let due = performance.now() + everyMs
  const look = (): void => {
    const blockedMs = Math.round(performance.now() - due)
    due = performance.now() + everyMs
    if (blockedMs <= limitMs) return
    log.warn(
      `the event loop was blocked for ${blockedMs} ms. The broker closes a connection that is silent for ` +
        `${2 * heartbeatMs} ms: move long computations to a worker thread, or raise heartbeatMs (${heartbeatMs}).`,
    )
    onLag(blockedMs)
  }
  const timer = inRootContext(() => setInterval(look, everyMs))
  timer.unref()
  return () => clearInterval(timer)
}
