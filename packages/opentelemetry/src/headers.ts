import {
  type Context,
  INVALID_TRACEID,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api'

type Carrier = Readonly<Record<string, unknown>>

/** Reads the headers of any sender. Some senders write texts as bytes. */
const getter = {
  keys: (carrier: Carrier): string[] => Object.keys(carrier),
  get: (carrier: Carrier, key: string): string | undefined => {
    const value = carrier[key]
    if (typeof value === 'string') return value
    return value instanceof Uint8Array ? Buffer.from(value).toString() : undefined
  },
}

const setter = {
  set: (carrier: Record<string, unknown>, key: string, value: string): void => {
    carrier[key] = value
  },
}

/** Context that a message carries in its headers, as the registered propagator reads it. */
export function contextIn(headers: Carrier): Context {
  return propagation.extract(ROOT_CONTEXT, headers, getter)
}

/** The span in a context; `undefined` if there is none, or if it is not valid. */
export function spanContextIn(context: Context): SpanContext | undefined {
  const found = trace.getSpanContext(context)
  // Propagators check what they read, but for an id of zeros.
  return found === undefined || found.traceId === INVALID_TRACEID ? undefined : found
}

/** Writes a context into headers. */
export function inject(context: Context, headers: Record<string, unknown>): void {
  propagation.inject(context, headers, setter)
}

/** Links to a span: one, or none if there is no span. */
export function linksTo(context: SpanContext | undefined, attributes: Link['attributes'] = {}): Link[] {
  return context === undefined ? [] : [{ context, attributes }]
}
