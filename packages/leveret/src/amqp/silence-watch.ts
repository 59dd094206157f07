import type { Duplex } from 'node:stream'

/** How many checks are made within the limit. A silent link is closed one check late at most. */
const LOOKS = 20

/** The cause of a link closed for silence: no data had arrived for a while. */
export class Silence extends Error {
  override readonly name = 'Silence'
  /** How many milliseconds passed without data, at most. */
  readonly ms: number

  constructor(ms: number) {
    super(`silent for ${Math.round(ms)} ms`)
    this.ms = ms
  }
}

/** How long, in milliseconds, a link had been silent when it was closed; 0 if it was closed for another reason. */
export function silenceBefore({ cause }: Error): number {
  return cause instanceof Silence ? cause.ms : 0
}

/**
 * Reports that no data has come from the peer for `limitMs`, at most a twentieth of it late.
 *
 * The watch counts its own checks instead of comparing clocks. After the event loop stood still, Node.js reads the
 * socket before the next check, so a busy process does not take a live link for a dead one.
 *
 * @returns `stop` to end the watch, and `now` for the silence so far
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
    // The data may have arrived right after the previous check.
    if (!isQuiet) heardAt = lookedAt
    lookedAt = performance.now()
    seen = socket.bytesRead
    if (seen !== undefined && quiet >= LOOKS) onSilent(now())
  }, limitMs / LOOKS)
  const now = (): Silence => new Silence(performance.now() - heardAt)
  return { stop: () => clearInterval(timer), now }
}
