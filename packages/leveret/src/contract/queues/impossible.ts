declare const impossible: unique symbol

/** The type of an option that cannot be given here. It has no values, and its name in the compiler's error says why. */
export interface Impossible<Why extends string> {
  readonly [impossible]: Why
}
