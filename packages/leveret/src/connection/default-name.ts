let made = 0

/** Makes the name of a connection that was given none. Several connections of one process are told apart. */
export function defaultName(): string {
  made += 1
  return made === 1 ? `leveret ${process.pid}` : `leveret ${process.pid}-${made}`
}
