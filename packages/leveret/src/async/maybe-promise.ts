import { types } from 'node:util'

/** A value, or a promise of it. A promise for each message would often cost more than the work that it waits for. */
export type MaybePromise<T> = T | Promise<T>

/** Whether a value is a promise, of any library: an object or a function with a function `then`. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return typeof (value as { readonly then?: unknown }).then === 'function'
}

/**
 * The class of the promises that async functions return. The global `Promise` may be another: zone.js, for example,
 * replaces it.
 */
const Native = (async () => undefined)().constructor as PromiseConstructor
const nativeThen = Native.prototype.then

/**
 * Whether a value is such a promise itself. The method `then` of any other, also of a class that extends it, may throw
 * or call back twice.
 */
export function isNative(value: unknown): value is Promise<unknown> {
  return types.isPromise(value) && value.constructor === Native && value.then === nativeThen
}

/** Turns a promise of another library into a native one. Any other value stays as it is. */
export function maybePromiseOf<T>(value: T | PromiseLike<T>): MaybePromise<T> {
  return isThenable(value) && !isNative(value) ? adopt(value) : (value as MaybePromise<T>)
}

/** Returns a native promise that settles as the other one does. */
export async function adopt<T>(value: PromiseLike<T>): Promise<T> {
  return await value
}

/**
 * Whether the value comes later. The check is not `instanceof Promise`, because a process may have several such
 * classes.
 */
export const isLater = isThenable as <T>(value: MaybePromise<T>) => value is Promise<T>

/**
 * Ignores a value that should not be a promise. If it is one, its rejection is handled: an unhandled one would end the
 * process.
 */
export function disregard(value: unknown): void {
  if (isThenable(value)) adopt(value).catch(() => undefined)
}

/** Calls `next` with the value: at once if it is there, else when the promise resolves. */
export function whenReady<T, U>(value: MaybePromise<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isLater(value) ? later(value, next) : next(value)
}

/** Awaits instead of calling `then`: a promise returned from `then` takes two more turns and one more object. */
async function later<T, U>(value: Promise<T>, next: (value: T) => MaybePromise<U>): Promise<U> {
  return await next(await value)
}
