/** Gives something the one method that makes a promise of it. */
function withThen<T>(target: object, work: Promise<T>): PromiseLike<T> {
  const value = (...callbacks: Parameters<Promise<T>['then']>): void => void work.then(...callbacks)
  return Object.defineProperty(target, 'then', { value }) as PromiseLike<T>
}

/** The forms that a promise of another library may have: an object, or a function, as query builders return it. */
export const THENABLES: readonly (readonly [name: string, make: <T>(work: Promise<T>) => PromiseLike<T>])[] = [
  ['a foreign thenable', (work) => withThen({}, work)],
  ['a callable thenable', (work) => withThen(() => undefined, work)],
]
