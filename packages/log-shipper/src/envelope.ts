/** What a line needs beside its text. */
export interface Envelope {
  readonly routingKey: string
  /** Name of its level: the property `type`. */
  readonly type?: string | undefined
  /** Name of the program that has logged it: the property `app-id`. */
  readonly appId?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const MAX_KEY_BYTES = 255

/** Makes a word of a routing key out of any text: what separates or matches words there is replaced. */
export function wordOf(text: string): string {
  return text.replaceAll(/[.*#\s]/g, '-') || 'unknown'
}

/** Fills in a template such as `{name}.{level}`. What a line does not have is `unknown`. */
export function routingKeyOf(template: string, words: Readonly<Record<string, string | undefined>>): string {
  const key = template.replaceAll(/\{(\w+)\}/g, (_all, name: string) => wordOf(words[name] ?? 'unknown'))
  return Buffer.byteLength(key) <= MAX_KEY_BYTES ? key : key.slice(0, MAX_KEY_BYTES / 3)
}

/** The header by which a reader's span links to the one in which a line was logged. */
export function traceHeaders(traceId: unknown, spanId: unknown, flags: unknown = '01'): Envelope['headers'] {
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return undefined
  const traceparent = `00-${traceId}-${spanId}-${typeof flags === 'string' ? flags : '01'}`
  return /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent) ? { traceparent } : undefined
}
