import { type Interceptor, type Layer, runInside, type SentMessage } from '../connection/interceptor.js'
import { isLeveretError } from '../errors/leveret-error.js'
import { messageOf } from '../errors/message-of.js'
import { OptionsError } from '../errors/options-error.js'
import type { PublishError } from '../errors/publish-error.js'
import { publishError } from '../errors/publish-failures.js'
import { headersProblem } from '../message/amqp-table.js'
import type { Headers, OutgoingMessage } from '../message/message.js'
import { parseOptions } from '../options.js'
import { userHeaders } from './compose.js'
import { GivenUp, unlessGivenUp } from './given-up.js'
import type { PublishRequest } from './request.js'

/** The parts of a request that concern interceptors. */
export type Intercepted = Pick<PublishRequest, 'message' | 'timeoutMs' | 'signal'>

/** Target of messages after the interceptors. */
export interface Sink<R extends Intercepted> {
  /** Aborted when nothing more is sent. */
  readonly signal: AbortSignal
  /** Reserves a place for a message. @returns a function that releases it */
  hold(request: R): () => void
  /** Resolves when the broker has confirmed the message. */
  submit(request: R): Promise<unknown>
}

/** The `publish` method of an interceptor. */
export type PublishLayer = Layer<SentMessage, Headers>

/** Returns the `publish` methods of the interceptors that have one. */
export function publishLayers(interceptors: readonly Interceptor[]): readonly PublishLayer[] {
  return interceptors.flatMap((interceptor) => {
    const { publish } = interceptor
    return publish === undefined ? [] : [(message, next) => publish.call(interceptor, message, next)]
  })
}

/**
 * Submits a message inside the layers, all within the request's time. If the message was submitted, the broker's answer
 * decides the result; otherwise the publish fails as `not-sent`.
 *
 * @throws {@link PublishError}; `unknown` if a layer fails after the broker has confirmed
 */
export async function submitInside<R extends Intercepted>(
  layers: readonly PublishLayer[],
  request: R,
  engine: Sink<R>,
): Promise<void> {
  const { message, timeoutMs, signal } = request
  const deadline = performance.now() + timeoutMs
  const release = engine.hold(request)
  let submitted: Promise<unknown> | undefined
  let isOver = false
  const inner = async ({ headers }: SentMessage): Promise<void> => {
    if (isOver) throw publishError('not-sent', message, 'it ended before an interceptor called next()')
    release()
    const leftMs = Math.max(Math.ceil(deadline - performance.now()), 1)
    submitted = engine.submit({ ...request, message: withHeaders(message, headers), timeoutMs: leftMs })
    await submitted
  }
  const late = `no interceptor called next() within ${timeoutMs} ms`
  try {
    const work = runInside(layers, describe(message), inner, addHeaders)
    await unlessGivenUp(work, { timeoutMs, signal, closed: engine.signal, late })
  } catch (cause) {
    isOver = true
    if (submitted === undefined) {
      release()
      throw cause instanceof GivenUp ? cause.notSent(message) : failedBefore(message, cause)
    }
    // The broker's answer takes precedence over an interceptor's failure. It comes in time, because the same limits
    // hold for it.
    await submitted
    if (cause instanceof GivenUp) return
    throw publishError('unknown', message, `it was confirmed, and then ${failureOf(cause)}`, { cause })
  }
}

function failedBefore(message: OutgoingMessage, cause: unknown): PublishError {
  const retryable = isLeveretError(cause) ? cause.retryable : true
  return publishError('not-sent', message, failureOf(cause), { cause, retryable })
}

function failureOf(cause: unknown): string {
  return `an interceptor failed: ${messageOf(cause)}`
}

function describe({ exchange, routingKey, content, properties }: OutgoingMessage): SentMessage {
  const { messageId, correlationId, contentType, headers = {} } = properties
  return { exchange, routingKey, messageId, correlationId, contentType, headers, bytes: content.length }
}

function addHeaders(message: SentMessage, added: Headers): SentMessage {
  parseOptions(userHeaders, added, 'an interceptor called next')
  const headers = { ...message.headers, ...added }
  const problem = headersProblem(headers)
  if (problem === undefined) return { ...message, headers }
  throw new OptionsError(`an interceptor called next: all headers together have ${problem}`)
}

function withHeaders(message: OutgoingMessage, headers: Headers): OutgoingMessage {
  return { ...message, properties: { ...message.properties, headers } }
}
