import type { ServerAddress } from '../../amqp/endpoint.js'
import { endTrace, runTraced, type ScopedTrace, tracing } from '../../async/tracing.js'

/**
 * One call of a procedure, as `tracing:leveret:call` tells of it: `start` and `end` around sending the request, `asyncEnd` when the answer is
 * there, or will not be. Its request is told on `tracing:leveret:publish`, inside.
 */
export interface CallTrace extends ScopedTrace {
  /** Name of the connection. */
  readonly connection: string
  /** Name of the procedure. */
  readonly contract: string
  readonly server: ServerAddress | undefined
}

/** What is told of calls. */
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
