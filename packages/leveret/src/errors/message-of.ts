/** The message of whatever was thrown: an error's own, or the text of a value. Never throws. */
export function messageOf(thrown: unknown): string {
  return shown(thrown, (error) => error.message)
}

/** The stack of whatever was thrown, or its message where it has none. Never throws. */
export function stackOf(thrown: unknown): string {
  return shown(thrown, (error) => error.stack ?? error.message)
}

/** A getter, a proxy or an object without `toString` may throw when it is looked at. */
function shown(thrown: unknown, read: (error: Error) => unknown): string {
  try {
    return String(thrown instanceof Error ? read(thrown) : thrown)
  } catch {
    return `a value of type ${typeof thrown} that has no text`
  }
}
