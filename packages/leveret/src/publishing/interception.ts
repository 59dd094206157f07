import { unlessAborted, within } from '../async/timing.js'
import { type Interceptor, type Layer, runInside, type SentMessage } from '../connection/interceptor.js'
import { isLeveretError } from '../errors/leveret-error.js'
import { messageOf } from '../errors/message-of.js'
import { OptionsError } from '../errors/options-error.js'
import { publishError } from '../errors/publish-failures.js'
import { headersProblem } from '../message/amqp-table.js'
import type { Headers, OutgoingMessage } from '../message/message.js'
import { parseOptions } from '../options.js'
import { userHeaders } from './compose.js'
import type { PublishRequest } from './request.js'

/** What interceptors go around. */
export type Intercepted = Pick<PublishRequest, 'message' | 'timeoutMs' | 'signal'>

/** Where messages go when the interceptors are done with them. */
export interface Sink<R extends Intercepted> {
  /** Aborted when nothing more is sent. */
  readonly signal: AbortSignal
  /** Holds a place for a message. @returns a function that gives it up */
  hold(request: R): () => void
  /** Resolves when the broker has confirmed it. */
  submit(request: R): Promise<unknown>
}

/** An interceptor's part in publishing. */
export type PublishLayer = Layer<SentMessage, Headers>

/** Those of the interceptors that have a part in publishing. */
export function publishLayers(interceptors: readonly Interceptor[]): readonly PublishLayer[] {
  return interceptors.flatMap((interceptor) => {
    const { publish } = interceptor
    return publish === undefined ? [] : [(message, next) => publish.call(interceptor, message, next)]
  })
}

/**
 * Submits inside the layers, all of them within the request's time. Settles with the truth: what the broker said, if it
 * was asked, and `not-sent` if not.
 *
 * @throws {@link PublishError}; `unknown` when a layer fails after the broker has confirmed
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
    if (isOver) throw publishError('not-sent', message, 'it was given up before an interceptor called next()')
    release()
    const leftMs = Math.max(Math.ceil(deadline - performance.now()), 1)
    submitted = engine.submit({ ...request, message: withHeaders(message, headers), timeoutMs: leftMs })
    await submitted
  }
  const work = unlessAborted(engine.signal, runInside(layers, describe(message), inner, addHeaders))
  try {
    const late = (): Error => new TimeUp(`no interceptor called next() within ${timeoutMs} ms`)
    await within(timeoutMs, signal === undefined ? work : unlessAborted(signal, work), late)
  } catch (cause) {
    isOver = true
    const end = readEnd(cause, signal, engine.signal)
    if (submitted === undefined) {
      release()
      throw publishError('not-sent', message, end.why, { cause, retryable: end.retryable })
    }
    // The broker's word counts before an interceptor's. It comes in time: the same limits hold for it.
    await submitted
    if (!end.gaveUp) throw publishError('unknown', message, `it was confirmed, and then ${end.why}`, { cause })
  }
}

class TimeUp extends Error {}

interface End {
  /** Not an interceptor's failure. */
  readonly gaveUp: boolean
  readonly why: string
  readonly retryable: boolean
}

function readEnd(cause: unknown, signal: AbortSignal | undefined, closed: AbortSignal): End {
  if (cause instanceof TimeUp) return { gaveUp: true, why: cause.message, retryable: true }
  if (signal?.aborted) return { gaveUp: true, why: 'its signal was aborted', retryable: true }
  if (closed.aborted) return { gaveUp: true, why: 'the connection has been closed', retryable: false }
  const retryable = isLeveretError(cause) ? cause.retryable : true
  return { gaveUp: false, why: `an interceptor failed: ${messageOf(cause)}`, retryable }
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
  throw new OptionsError(`an interceptor called next: all headers have ${problem}`)
}

function withHeaders(message: OutgoingMessage, headers: Headers): OutgoingMessage {
  return { ...message, properties: { ...message.properties, headers } }
}
