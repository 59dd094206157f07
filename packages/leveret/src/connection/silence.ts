import type { Duplex } from 'node:stream'

/** Looks this many times per limit; the link is given up at most one look late. */
const LOOKS = 20

/**
 * Tells when nothing has come from the other side for `limitMs`, at most a twentieth of it late.
 *
 * Counts looks instead of comparing clocks: after an event loop that stood still, what waits in the socket is read
 * before the next look, so a busy process does not mistake itself for a dead link.
 *
 * @returns a function that stops looking
 */
export function watchSilence(
  socket: Duplex & { bytesRead?: number },
  limitMs: number,
  onSilent: () => void,
): () => void {
  let seen = socket.bytesRead
  let quiet = 0
  const timer = setInterval(() => {
    quiet = socket.bytesRead === seen ? quiet + 1 : 0
    seen = socket.bytesRead
    if (seen !== undefined && quiet >= LOOKS) onSilent()
  }, limitMs / LOOKS)
  return () => clearInterval(timer)
}
