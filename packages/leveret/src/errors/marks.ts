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

/** Marks what leveret makes with what it is, for other copies of the package and for the errors of those who get it in a wrong place. */
export const MADE: unique symbol = Symbol.for('leveret.made')

/** Whether something is a connection or a role, of whichever copy of the package; `undefined` when it is neither. */
export function madeOf(value: unknown): 'connection' | 'role' | undefined {
  const made: unknown = Object(value)[MADE]
  return made === 'connection' || made === 'role' ? made : undefined
}
