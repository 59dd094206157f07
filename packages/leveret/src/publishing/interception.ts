import { type Interceptor, type Layer, runInside, type SentMessage } from '../connection/interceptor.js'
import type { Headers, OutgoingMessage } from '../connection/message.js'
import { parseOptions } from '../options.js'
import { unlessAborted, within } from '../timing.js'
import { userHeaders } from './compose.js'
import { publishError } from './publication.js'
import type { PublishRequest } from './request.js'

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
export async function submitInside(
  layers: readonly PublishLayer[],
  request: PublishRequest,
  submit: (request: PublishRequest) => Promise<void>,
): Promise<void> {
  const { message, timeoutMs, signal } = request
  const deadline = performance.now() + timeoutMs
  let submitted: Promise<void> | undefined
  let over = false
  const inner = async ({ headers }: SentMessage): Promise<void> => {
    if (over) throw publishError('not-sent', message, 'an interceptor called next() when it was too late')
    const leftMs = Math.max(Math.ceil(deadline - performance.now()), 1)
    submitted = submit({ ...request, message: withHeaders(message, headers), timeoutMs: leftMs })
    await submitted
  }
  let expired: Error | undefined
  const expire = (): Error => {
    expired = new Error(`no interceptor called next() within ${timeoutMs} ms`)
    return expired
  }
  const work = runInside(layers, describe(message), inner, addHeaders)
  try {
    await within(timeoutMs, signal === undefined ? work : unlessAborted(signal, work), expire)
  } catch (cause) {
    over = true
    const why = cause instanceof Error ? cause.message : String(cause)
    if (submitted === undefined) throw publishError('not-sent', message, `an interceptor failed: ${why}`, { cause })
    // The broker's word counts before an interceptor's. It comes in time: the same deadline and signal hold for it.
    await submitted
    if (cause === expired || cause === signal?.reason) return
    throw publishError('unknown', message, `it was confirmed, and then an interceptor failed: ${why}`, { cause })
  }
}

function describe({ exchange, routingKey, content, properties }: OutgoingMessage): SentMessage {
  const { messageId, correlationId, contentType, headers = {} } = properties
  return { exchange, routingKey, messageId, correlationId, contentType, headers, bytes: content.length }
}

function addHeaders(message: SentMessage, added: Headers): SentMessage {
  parseOptions(userHeaders, added, 'an interceptor called next')
  return { ...message, headers: { ...message.headers, ...added } }
}

function withHeaders(message: OutgoingMessage, headers: Headers): OutgoingMessage {
  return { ...message, properties: { ...message.properties, headers } }
}
