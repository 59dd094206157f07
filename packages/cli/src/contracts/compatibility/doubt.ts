/** A reason why a reader may refuse what a writer writes. */
export interface Doubt {
  /** The place in the value: `order.lines[].sku`; empty for the value itself. */
  readonly path: string
  /** `breaks`: there are such values. `cannot tell`: nobody has shown that there are none. */
  readonly answer: 'breaks' | 'cannot tell'
  /** One sentence, in which `{reader}` and `{writer}` stand for the two. */
  readonly why: string
}

/** A doubt of a kind. */
export function breaks(path: string, why: string): Doubt {
  return { path, answer: 'breaks', why }
}

/** A doubt of the other kind. */
export function cannotTell(path: string, why: string): Doubt {
  return { path, answer: 'cannot tell', why }
}
