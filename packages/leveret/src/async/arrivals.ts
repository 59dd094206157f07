/**
 * Counts what has arrived over all connections of this process. A timer that waits for something reads it, to learn
 * whether more is still coming.
 */
export const arrivals = {
  /** Frames read so far, of any kind. */
  frames: 0,
}
