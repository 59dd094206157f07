/**
 * Key that marks a thrown value with its kind. A process may hold several copies of the package, even of several
 * versions. `instanceof` knows only the classes of its own copy. The value of a kind never changes.
 */
export const MARK: unique symbol = Symbol.for('leveret.thrown')

/** Kinds of thrown values that other code tests for. */
export type Marked = 'error' | 'reject' | 'retry'

/** Whether a thrown value is of this kind, from any copy of the package. */
export function isMarked(thrown: unknown, kind: Marked): thrown is object {
  return typeof thrown === 'object' && thrown !== null && (thrown as { readonly [MARK]?: unknown })[MARK] === kind
}

/**
 * Key that marks an object of leveret with its kind. Other copies of the package read it, and so do the error texts for
 * an argument in the wrong place.
 */
export const MADE: unique symbol = Symbol.for('leveret.made')

/**
 * The kind of a value that leveret made: a connection or a role, from any copy of the package. `undefined` for other
 * values.
 */
export function madeOf(value: unknown): 'connection' | 'role' | undefined {
  const made: unknown = Object(value)[MADE]
  return made === 'connection' || made === 'role' ? made : undefined
}
