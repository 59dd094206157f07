import { AsyncResource } from 'node:async_hooks'

/**
 * The async context in which this module was loaded, outside every request. No code of the user runs directly in it.
 */
const root = new AsyncResource('leveret', { requireManualDestroy: true })

/**
 * Calls a function in a fresh async context, which holds nothing of the caller's.
 *
 * Work that outlives a call must neither see nor keep alive what belongs to a request. The store that one handler
 * enters (`AsyncLocalStorage.enterWith`) must not be visible to the next handler.
 *
 * @see https://nodejs.org/api/async_context.html
 */
export function inRootContext<Args extends readonly unknown[], Result>(
  call: (...args: Args) => Result,
  ...args: Args
): Result {
  return root.runInAsyncScope(inFreshContext<Args, Result>, undefined, call, args)
}

function inFreshContext<Args extends readonly unknown[], Result>(call: (...args: Args) => Result, args: Args): Result {
  const own = new AsyncResource('leveret', { requireManualDestroy: true })
  return own.runInAsyncScope(call, undefined, ...args)
}
