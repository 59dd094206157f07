import { type Span, SpanStatusCode } from '@opentelemetry/api'
import { ERROR_TYPE } from './names.js'

/** What an error is called in `error.type`: the outcome of a publish, or the name of its class. One of few names. */
export function errorTypeOf(error: unknown): string {
  const { outcome, name } = Object(error) as { readonly outcome?: unknown; readonly name?: unknown }
  if (name === 'PublishError' && typeof outcome === 'string') return outcome
  return typeof name === 'string' && name !== '' ? name : 'NonError'
}

/** Notes on a span that what it stands for has failed. */
export function fail(span: Span, error: unknown): void {
  const { message } = Object(error) as { readonly message?: unknown }
  span.setAttribute(ERROR_TYPE, errorTypeOf(error))
  span.setStatus({ code: SpanStatusCode.ERROR, message: typeof message === 'string' ? message : String(error) })
}
