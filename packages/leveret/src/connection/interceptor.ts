import type { Delivery } from '../message/delivery.js'
import type { Headers } from '../message/message.js'

/** A message as its sender gave it, without its content. */
export interface SentMessage {
  /** `''` is the default exchange: the routing key is the name of a queue. */
  readonly exchange: string
  readonly routingKey: string
  readonly messageId: string
  readonly correlationId: string | undefined
  readonly contentType: string | undefined
  readonly headers: Headers
  /** Size of the content. */
  readonly bytes: number
}

/**
 * Goes around every send and every handler of a connection: for tracing, tenants, measuring. The first of several is the
 * outermost.
 *
 * It calls `next` once and returns when that has settled. It cannot settle anything itself: what `next` rejects with is
 * what the caller gets, or what the attempt fails with, also when it is caught here. One that throws, or never calls
 * `next`, fails the send or the attempt.
 */
export interface Interceptor {
  /**
   * Around one send, within its `timeoutMs`. Copies for retry and dead letters keep their headers and do not come by.
   *
   * @param next - sends, with these headers added; resolves when the broker has confirmed, and for a call when it was written. What
   *   a sender may not set is refused: names that begin with `leveret-`, `CC`, `BCC`, and those that RabbitMQ itself writes or acts on
   */
  publish?(message: SentMessage, next: (headers?: Headers) => Promise<void>): PromiseLike<void>
  /**
   * Around one handler, within its `handlerTimeoutMs`, after the payload was checked.
   *
   * @param next - runs the handler, in the async context of this call; resolves when it has returned
   * @see https://nodejs.org/api/async_context.html
   */
  handle?(delivery: Delivery, next: () => Promise<void>): PromiseLike<void>
}

/** One function around another. `Change` is what it may tell `next`. */
export type Layer<Subject, Change> = (subject: Subject, next: (change?: Change) => Promise<void>) => PromiseLike<void>

/** Runs `inner` inside all layers. Settles when every layer that was entered has, with the innermost truth. */
export async function runInside<Subject, Change = never>(
  layers: readonly Layer<Subject, Change>[],
  subject: Subject,
  inner: (subject: Subject) => Promise<void>,
  change: (subject: Subject, change: Change) => Subject = (unchanged) => unchanged,
): Promise<void> {
  const [outermost, ...others] = layers
  if (outermost === undefined) return await inner(subject)
  let below: Promise<void> | undefined
  let again: Promise<never> | undefined
  const next = (wanted?: Change): Promise<void> => {
    const descended =
      below === undefined
        ? (async () =>
            await runInside(others, wanted === undefined ? subject : change(subject, wanted), inner, change))()
        : Promise.reject(new Error('An interceptor called next() twice'))
    // It counts below, whether or not the interceptor waits for it.
    descended.catch(() => undefined)
    if (below === undefined) below = descended
    else again = descended as Promise<never>
    return descended
  }
  try {
    await outermost(subject, next)
  } catch (error) {
    await below
    throw error
  }
  if (below === undefined) throw new Error('An interceptor returned without calling next()')
  await below
  await again
}
