/** What is there at once, or later. A promise for each message would cost more than most of what it waits for. */
export type Soon<T> = T | Promise<T>

/** Goes on with it: at once where it is there. */
export function andThen<T, U>(value: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? later(value, next) : next(value)
}

/** Not `then`: a promise that it returned would take two more turns, and another object. */
async function later<T, U>(value: Promise<T>, next: (value: T) => Soon<U>): Promise<U> {
  return await next(await value)
}
