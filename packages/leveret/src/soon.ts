/** What is there at once, or later. A promise for each message would cost more than most of what it waits for. */
export type Soon<T> = T | Promise<T>

/** Goes on with it: at once where it is there. */
export function andThen<T, U>(value: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? later(value, next) : next(value)
}

/** Whether it is to be awaited: a promise, or anything of other libraries that has a `then`. Calls no `then`. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const kind = typeof value
  if (value === null || (kind !== 'object' && kind !== 'function')) return false
  return typeof (value as { then?: unknown }).then === 'function'
}

/** Not `then`: a promise that it returned would take two more turns, and another object. */
async function later<T, U>(value: Promise<T>, next: (value: T) => Soon<U>): Promise<U> {
  return await next(await value)
}
