import type { Delivery } from '../message/delivery.js'
import type { Headers } from '../message/message.js'

/** A message as its sender gave it, without its content. */
export interface SentMessage {
  /** Name of the exchange. `''` is the default exchange: the routing key is the name of a queue. */
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
 * Wraps every send and every handler of a connection: for tracing, tenants, measuring. The first of several is the
 * outermost.
 *
 * An interceptor calls `next` once, and returns when `next` has settled. It cannot change the outcome: the caller, or
 * the attempt, gets what `next` rejected with, even if the interceptor catches it. An interceptor that throws, or never
 * calls `next`, fails the send or the attempt.
 */
export interface Interceptor {
  /**
   * Wraps one send, within its `timeoutMs`. It is not called for copies for retry and dead letters, which keep their
   * headers.
   *
   * @param next - sends, with these headers added. It resolves when the broker has confirmed, or for a call when the
   *   request was written. It refuses headers that a sender may not set: names that begin with `leveret-`, `CC`, `BCC`,
   *   and those that RabbitMQ itself writes or acts on
   */
  publish?(message: SentMessage, next: (headers?: Headers) => Promise<void>): PromiseLike<void>
  /**
   * Wraps one handler, within its `handlerTimeoutMs`, after the payload was checked.
   *
   * @param next - runs the handler, in the async context of this call; resolves when the handler has returned
   * @see https://nodejs.org/api/async_context.html
   */
  handle?(delivery: Delivery, next: () => Promise<void>): PromiseLike<void>
}

/** A function that wraps another. `Change` is what it may pass to `next`. */
export type Layer<Subject, Change> = (subject: Subject, next: (change?: Change) => Promise<void>) => PromiseLike<void>

/** The calls of `next` by one layer. */
interface Descent {
  /** The first call; `undefined` as long as there is none. */
  below: Promise<void> | undefined
  /** A second call, which is refused. */
  again: Promise<never> | undefined
}

/**
 * Runs `inner` inside all layers. Settles when every layer that was entered has settled. An error of `inner` takes
 * precedence over that of a layer.
 *
 * A layer that returns the promise of its `next` as it is costs no promise of its own.
 *
 * @param index - the outermost layer to enter
 */
export function runInside<Subject, Change = never>(
  layers: readonly Layer<Subject, Change>[],
  subject: Subject,
  inner: (subject: Subject) => Promise<void>,
  change: (subject: Subject, change: Change) => Subject = (unchanged) => unchanged,
  index = 0,
): Promise<void> {
  const layer = layers[index]
  if (layer === undefined) return inner(subject)
  const descent: Descent = { below: undefined, again: undefined }
  let hasReturned = false
  const next = (wanted?: Change): Promise<void> => {
    if (descent.below !== undefined) return refuseAgain(descent)
    try {
      const changed = wanted === undefined ? subject : change(subject, wanted)
      descent.below = runInside(layers, changed, inner, change, index + 1)
    } catch (error) {
      descent.below = Promise.reject(error)
    }
    if (hasReturned) handled(descent.below)
    return descent.below
  }
  let work: PromiseLike<void>
  try {
    work = layer(subject, next)
  } catch (error) {
    work = Promise.reject(error)
  }
  const { below, again } = descent
  if (below !== undefined && work === below && again === undefined) return below
  hasReturned = true
  if (below !== undefined) handled(below)
  return settledAround(work, descent)
}

async function settledAround(work: PromiseLike<void>, descent: Descent): Promise<void> {
  try {
    await work
  } catch (error) {
    await descent.below
    throw error
  }
  if (descent.below === undefined) throw new Error('An interceptor returned without calling next()')
  await descent.below
  if (descent.again !== undefined) await descent.again
}

function refuseAgain(descent: Descent): Promise<never> {
  const refused = Promise.reject(new Error('An interceptor called next() twice'))
  handled(refused)
  descent.again = refused
  return refused
}

/** Handles a rejection that the interceptor need not wait for, because the result counts anyway. */
function handled(promise: Promise<void>): void {
  promise.catch(() => undefined)
}
