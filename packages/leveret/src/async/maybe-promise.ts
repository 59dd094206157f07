/** What is there at once, or later. A promise for each message would cost more than most of what it waits for. */
export type MaybePromise<T> = T | Promise<T>

/** Whether something is a promise, of whatever library: an object or a function that has a function `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return typeof (value as { readonly then?: unknown }).then === 'function'
}

/** The promise of async functions. The global one may be another: zone.js, for one, replaces it. */
const Native = (async () => undefined)().constructor

/** Takes a value that is not ours: a promise of another library becomes one of ours. */
export function maybePromiseOf<T>(value: T | PromiseLike<T>): MaybePromise<T> {
  return isThenable(value) && !(value instanceof Native) ? adopt(value) : (value as MaybePromise<T>)
}

async function adopt<T>(value: PromiseLike<unknown>): Promise<T> {
  return (await value) as T
}

/** Whether it comes later. Never asks whether it is a `Promise`: there may be several. */
export function isLater<T>(value: MaybePromise<T>): value is Promise<T> {
  return isThenable(value)
}

/** Takes what should be no promise. Where it is one, its rejection is not unhandled: that would end the process. */
export function disregard(value: unknown): void {
  if (isThenable(value)) adopt(value).catch(() => undefined)
}

/** Goes on with it: at once where it is there. */
export function whenReady<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isLater(value) ? later(value, next) : next(value)
}

/** Not `then`: a promise that it returned would take two more turns, and another object. */
async function later<T, U>(value: Promise<T>, next: (value: T) => MaybePromise<U>): Promise<U> {
  return await next(await value)
}
