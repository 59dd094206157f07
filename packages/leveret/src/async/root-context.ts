import { AsyncResource } from 'node:async_hooks'

/** The context of whoever loads this module, which no request does. No foreign code runs directly in it. */
const root = new AsyncResource('leveret', { requireManualDestroy: true })

/**
 * Calls a function in a fresh async context, which holds nothing of the caller's.
 *
 * What outlives a call must neither see nor keep what belongs to a request, and what one handler enters
 * (`AsyncLocalStorage.enterWith`) must not be there for the next one.
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
