let made = 0

/** Returns a default name for a connection. The connections of one process get different names. */
export function defaultName(): string {
  made += 1
  return made === 1 ? `leveret ${process.pid}` : `leveret ${process.pid}-${made}`
}
