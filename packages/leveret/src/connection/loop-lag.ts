import { inRootContext } from '../root-context.js'

/** Looks this many times per limit. */
const LOOKS = 4

/**
 * Tells when the event loop stood still for longer than `limitMs`, as soon as it moves again.
 *
 * @param onLag - gets how long, in whole milliseconds
 * @returns a function that stops looking. Looking alone keeps no process alive
 */
export function watchLoopLag(limitMs: number, onLag: (blockedMs: number) => void): () => void {
  const everyMs = limitMs / LOOKS
  let due = performance.now() + everyMs
  const look = (): void => {
    const blockedMs = Math.round(performance.now() - due)
    due = performance.now() + everyMs
    if (blockedMs > limitMs) onLag(blockedMs)
  }
  const timer = inRootContext(() => setInterval(look, everyMs))
  timer.unref()
  return () => clearInterval(timer)
}
