/** Routing key, properties and headers of a line. */
export interface Envelope {
  readonly routingKey: string
  /** The name of the line's level, for the property `type`. */
  readonly type?: string | undefined
  /** The name of the program that logged the line, for the property `app-id`. */
  readonly appId?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

const MAX_KEY_BYTES = 255

/** Makes one word of a routing key out of any text: replaces separators and wildcards. */
export function wordOf(text: string): string {
  return text.replaceAll(/[.*#\s]/g, '-') || 'unknown'
}

/** Fills in a template such as `{name}.{level}`. A word that the line does not have becomes `unknown`. */
export function routingKeyOf(template: string, words: Readonly<Record<string, string | undefined>>): string {
  const key = template.replaceAll(/\{(\w+)\}/g, (_all, name: string) => wordOf(words[name] ?? 'unknown'))
  return Buffer.byteLength(key) <= MAX_KEY_BYTES ? key : key.slice(0, MAX_KEY_BYTES / 3)
}

/** The header `traceparent` of a line, from which a reader's span can link to the span that logged it. */
export function traceHeaders(traceId: unknown, spanId: unknown, flags: unknown = '01'): Envelope['headers'] {
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return undefined
  const traceparent = `00-${traceId}-${spanId}-${typeof flags === 'string' ? flags : '01'}`
  return /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(traceparent) ? { traceparent } : undefined
}
