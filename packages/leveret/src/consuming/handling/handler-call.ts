import { callAsHandler } from '../../async/handler-context.js'
import { isThenable } from '../../async/maybe-promise.js'
import { type Interceptor, type Layer, runInside } from '../../connection/interceptor.js'
import type { Delivery } from '../../message/delivery.js'
import type { ActiveDelivery } from '../delivery/active-delivery.js'
import type { ConsumePlace } from '../delivery/process-trace.js'
import { processing, tracedCall } from '../delivery/tracing-deliveries.js'

/** Calls a handler inside its interceptors. Throws or rejects with their error. */
export type Call<Payload, D extends Delivery = Delivery> = (payload: Payload, delivery: D) => unknown

/**
 * Runs the handler inside the interceptors, the first of them outermost. Never begins an attempt that no longer counts.
 *
 * @param place - the origin of the deliveries, if each call has a trace of its own
 */
export function inside<Payload, D extends ActiveDelivery>(
  interceptors: readonly Interceptor[],
  handler: (payload: Payload, delivery: D) => unknown,
  place?: ConsumePlace,
): Call<Payload, D> {
  const begin: Call<Payload, D> = (payload, delivery) => {
    if (delivery.end !== undefined) throw delivery.end.reason
    return handler(payload, delivery)
  }
  const layers = interceptors.flatMap((interceptor): Layer<Delivery, never>[] => {
    const { handle } = interceptor
    return handle === undefined ? [] : [(delivery, next) => handle.call(interceptor, delivery, next)]
  })
  const traced = (call: Call<Payload, D>): Call<Payload, D> => (place === undefined ? call : tracedCall(place, call))
  if (layers.length === 0) {
    const call = traced(handler)
    return (payload, delivery) => {
      if (delivery.end !== undefined) throw delivery.end.reason
      return callAsHandler(processing.hasSubscribers ? call : handler, payload, delivery)
    }
  }
  const call = traced((payload, delivery) => runInside(layers, delivery, () => ended(begin(payload, delivery))))
  return (payload, delivery) => callAsHandler(call, payload, delivery)
}

/** The promise of a handler that has ended at once. One for all of them, because it holds nothing. */
const ENDED = Promise.resolve()

function ended(result: unknown): Promise<void> {
  return isThenable(result) ? awaited(result) : ENDED
}

async function awaited(result: PromiseLike<unknown>): Promise<void> {
  await result
}
