import {
  type Context,
  isSpanContextValid,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api'

type Carrier = Readonly<Record<string, unknown>>

/** Reads headers of any sender: some write texts as bytes. */
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

/** The context that a message has brought along, by whatever propagator is set. */
export function contextIn(headers: Carrier): Context {
  return propagation.extract(ROOT_CONTEXT, headers, getter)
}

/** The span in a context, if there is one that others can refer to. */
export function spanContextIn(context: Context): SpanContext | undefined {
  const found = trace.getSpanContext(context)
  return found !== undefined && isSpanContextValid(found) ? found : undefined
}

/** Writes a context into headers. */
export function inject(context: Context, headers: Record<string, unknown>): void {
  propagation.inject(context, headers, setter)
}

/** A link to a span, if there is one. */
export function linksTo(context: SpanContext | undefined, attributes: Link['attributes'] = {}): Link[] {
  return context === undefined ? [] : [{ context, attributes }]
}
