import { AsyncLocalStorage } from 'node:async_hooks'

/** A delivery whose handler runs. */
export interface Handled {
  /** Its handler waits for a `close`, so that `close` must not wait for the handler. */
  awaitsClose(): void
}

const handling = new AsyncLocalStorage<Handled>()

/** Calls a handler so that {@link handledHere} finds its delivery in all that the handler does. */
export function callAsHandler<Payload, D extends Handled>(
  call: (payload: Payload, delivery: D) => unknown,
  payload: Payload,
  delivery: D,
): unknown {
  return handling.run(delivery, call, payload, delivery)
}

/** The delivery whose handler has called, if one has. */
export function handledHere(): Handled | undefined {
  return handling.getStore()
}
