/**
 * Marks what is thrown, with its kind. A process may hold several copies of the package, also of several versions, and the classes of
 * one are not those of another: `instanceof` knows its own only. The value of a kind never changes.
 */
export const MARK: unique symbol = Symbol.for('leveret.thrown')

/** Kinds that something depends on. */
export type Marked = 'error' | 'reject' | 'retry'

/** Whether something thrown is of this kind, whichever copy of the package has made it. */
export function isMarked(thrown: unknown, kind: Marked): thrown is object {
  return typeof thrown === 'object' && thrown !== null && (thrown as { readonly [MARK]?: unknown })[MARK] === kind
}
