/** Characters that a terminal acts on and that JSON leaves as they are. */
const ACTING = /[\u007f-\u009f\p{Bidi_Control}\u2028\u2029\ufeff]/gu

/** Returns one document, indented by two spaces. Values without a form in JSON are converted. */
export function jsonText(value: unknown): string {
  return harmless(JSON.stringify(value, plain, 2))
}

/** Returns one line, for streams. */
export function jsonLine(value: unknown): string {
  return harmless(JSON.stringify(value, plain))
}

/** Converts a bigint to text, and bytes to base64. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  const { type, data } = Object(value)
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data).toString('base64') : value
}

/** Escapes characters that a terminal acts on. They occur in texts only, where JSON means the same by an escape. */
function harmless(json: string): string {
  return json.replace(ACTING, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
