/** The message of a thrown value: that of an error, or the text of any other value. Never throws. */
export function messageOf(thrown: unknown): string {
  return shown(thrown, (error) => error.message)
}

/** The stack of a thrown value, or its message if it has none. Never throws. */
export function stackOf(thrown: unknown): string {
  return shown(thrown, (error) => error.stack ?? error.message)
}

/** Reads a text of a thrown value. A getter, a proxy or an object without `toString` may throw meanwhile. */
function shown(thrown: unknown, read: (error: Error) => unknown): string {
  try {
    return String(thrown instanceof Error ? read(thrown) : thrown)
  } catch {
    return `a value of type ${typeof thrown} that cannot be shown as text`
  }
}
