import { inRootContext } from '../async/root-context.js'
import type { Log } from '../log.js'

/** Looks this many times per limit. */
const LOOKS = 4

/**
 * Warns when the event loop stood still for longer than half a heartbeat, as soon as it moves again. Without heartbeats the broker
 * does not mind how long a process is silent.
 *
 * @param onLag - gets how long, in whole milliseconds
 * @returns a function that stops looking. Looking alone keeps no process alive
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
      `the event loop was blocked for ${blockedMs} ms. The broker gives up a connection that is silent for ` +
        `${2 * heartbeatMs} ms: move long computations to a worker thread, or raise heartbeatMs (${heartbeatMs}).`,
    )
    onLag(blockedMs)
  }
  const timer = inRootContext(() => setInterval(look, everyMs))
  timer.unref()
  return () => clearInterval(timer)
}
