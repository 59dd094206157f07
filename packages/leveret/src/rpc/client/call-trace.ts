import type { ServerAddress } from '../../amqp/endpoint.js'
import { endTrace, runTraced, type ScopedTrace, tracing } from '../../async/tracing.js'

/**
 * One call of a procedure, as published on `tracing:leveret:call`: `start` and `end` around sending the request,
 * `asyncEnd` when the call has its answer or has failed. Its request has a trace of its own on
 * `tracing:leveret:publish`, inside this one.
 */
export interface CallTrace extends ScopedTrace {
  /** Name of the connection. */
  readonly connection: string
  /** Name of the procedure. */
  readonly contract: string
  readonly server: ServerAddress | undefined
}

/** The tracing channel of calls. */
export const calling = tracing<CallTrace>('call')

/** Makes a call between `start` and `end` of its trace, which ends when its promise settles. */
export function traceCall<T>(trace: CallTrace, call: () => Promise<T>): Promise<T> {
  const result = runTraced(calling, trace, (): Promise<T> => {
    try {
      return call()
    } catch (error) {
      return Promise.reject(error)
    }
  })
  result.then(
    () => endTrace(calling, trace),
    (error: unknown) => {
      trace.error = error
      endTrace(calling, trace)
    },
  )
  return result
}
