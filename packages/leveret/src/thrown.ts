/** What whatever was thrown says of itself. Anything can be thrown, so this never throws. */
export function messageOf(thrown: unknown): string {
  return printed(() => (thrown instanceof Error ? thrown.message : String(thrown)))
}

/** The same with where it was thrown, if it says so. */
export function stackOf(thrown: unknown): string {
  return printed(() => (thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)))
}

/** An error may be of anybody's making: its properties may throw, or be no texts. */
function printed(print: () => unknown): string {
  try {
    return String(print())
  } catch {
    return 'something that cannot be printed'
  }
}
