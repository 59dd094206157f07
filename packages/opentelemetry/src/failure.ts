import { type Span, SpanStatusCode } from '@opentelemetry/api'
import { ERROR_TYPE } from './names.js'

/**
 * The value of `error.type` for an error: the outcome of a failed publish, or the name of the error's class. It is one
 * of few names.
 */
export function errorTypeOf(error: unknown): string {
  const { outcome, name } = Object(error) as { readonly outcome?: unknown; readonly name?: unknown }
  if (name === 'PublishError' && typeof outcome === 'string') return outcome
  return typeof name === 'string' && name !== '' ? name : 'NonError'
}

/** Marks a span as failed. */
export function fail(span: Span, error: unknown): void {
  const { message } = Object(error) as { readonly message?: unknown }
  span.setAttribute(ERROR_TYPE, errorTypeOf(error))
  span.setStatus({ code: SpanStatusCode.ERROR, message: typeof message === 'string' ? message : String(error) })
}
