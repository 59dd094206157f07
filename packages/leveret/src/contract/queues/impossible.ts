declare const impossible: unique symbol

/** The type of an option that cannot be given here: no value is of it, and its name in an error of the compiler says why. */
export interface Impossible<Why extends string> {
  readonly [impossible]: Why
}
