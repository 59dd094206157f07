/** Returns one document, indented by two spaces. Values without a form in JSON are converted. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, plain, 2)
}

/** Returns one line, for streams. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, plain)
}

/** Converts a bigint to text, and bytes to base64. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  const { type, data } = Object(value)
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data).toString('base64') : value
}
