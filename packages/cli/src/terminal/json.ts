/** One document, with two spaces, that survives what JSON has no form for. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, plain, 2)
}

/** One line, for what streams. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value, plain)
}

/** 64 bits as text, bytes as base64. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  const { type, data } = Object(value)
  return type === 'Buffer' && Array.isArray(data) ? Buffer.from(data).toString('base64') : value
}
