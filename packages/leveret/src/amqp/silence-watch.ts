import type { Duplex } from 'node:stream'

/** Looks this many times per limit; the link is given up at most one look late. */
const LOOKS = 20

/** Why a link was given up of which nothing was heard: it had been dead for a while. */
export class Silence extends Error {
  override readonly name = 'Silence'
  /** Nothing came for this long, at most. */
  readonly ms: number

  constructor(ms: number) {
    super(`silent for ${Math.round(ms)} ms`)
    this.ms = ms
  }
}

/** How long a link had been silent when it was given up; 0 when it was not for its silence. */
export function silenceBefore({ cause }: Error): number {
  return cause instanceof Silence ? cause.ms : 0
}

/**
 * Tells when nothing has come from the other side for `limitMs`, at most a twentieth of it late.
 *
 * Counts looks instead of comparing clocks: after an event loop that stood still, what waits in the socket is read
 * before the next look, so a busy process does not mistake itself for a dead link.
 *
 * @returns how to stop looking, and how silent it is now
 */
export function watchSilence(
  socket: Duplex & { bytesRead?: number },
  limitMs: number,
  onSilent: (silence: Silence) => void,
): { stop(): void; now(): Silence } {
  let seen = socket.bytesRead
  let quiet = 0
  let lookedAt = performance.now()
  let heardAt = lookedAt
  const timer = setInterval(() => {
    const isQuiet = socket.bytesRead === seen
    quiet = isQuiet ? quiet + 1 : 0
    // It may have come right after the look before.
    if (!isQuiet) heardAt = lookedAt
    lookedAt = performance.now()
    seen = socket.bytesRead
    if (seen !== undefined && quiet >= LOOKS) onSilent(now())
  }, limitMs / LOOKS)
  const now = (): Silence => new Silence(performance.now() - heardAt)
  return { stop: () => clearInterval(timer), now }
}
