/** A reason why a reader may refuse what a writer writes. */
export interface Doubt {
  /** The path in the value: `order.lines[].sku`; empty for the value itself. */
  readonly path: string
  /** `breaks`: there are such values. `cannot tell`: it is not proven that there are none. */
  readonly answer: 'breaks' | 'cannot tell'
  /** One sentence, in which `{reader}` and `{writer}` stand for the two. */
  readonly why: string
}

/** Makes a doubt that is certain. */
export function breaks(path: string, why: string): Doubt {
  return { path, answer: 'breaks', why }
}

/** Makes a doubt that is not certain. */
export function cannotTell(path: string, why: string): Doubt {
  return { path, answer: 'cannot tell', why }
}
