/** Tells items apart, in their order: those that fit, and the others. */
export function partition<T>(items: Iterable<T>, fits: (item: T) => boolean): [fitting: T[], others: T[]] {
  const [fitting, others]: [T[], T[]] = [[], []]
  for (const item of items) (fits(item) ? fitting : others).push(item)
  return [fitting, others]
}
