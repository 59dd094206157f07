/**
 * A map by numbers or texts that keeps no value alive but those in it. See {@link DenseSet}: the table of a `Map` holds where a value is, and
 * not the value.
 */
export class DenseMap<K extends number | string, V> {
  readonly #slotOf = new Map<K, number>()
  readonly #values: (V | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#slotOf.size
  }

  has(key: K): boolean {
    return this.#slotOf.has(key)
  }

  get(key: K): V | undefined {
    const slot = this.#slotOf.get(key)
    return slot === undefined ? undefined : this.#values[slot]
  }

  set(key: K, value: V): void {
    const slot = this.#slotOf.get(key) ?? this.#free.pop() ?? this.#values.length
    this.#slotOf.set(key, slot)
    this.#values[slot] = value
  }

  /** @returns the value that was there */
  delete(key: K): V | undefined {
    const slot = this.#slotOf.get(key)
    if (slot === undefined) return undefined
    const value = this.#values[slot]
    this.#slotOf.delete(key)
    this.#values[slot] = undefined
    this.#free.push(slot)
    return value
  }

  clear(): void {
    this.#slotOf.clear()
    this.#values.length = 0
    this.#free.length = 0
  }

  /** In the order in which they were first set. */
  keys(): IterableIterator<K> {
    return this.#slotOf.keys()
  }

  /** In the order of their keys. */
  *values(): IterableIterator<V> {
    for (const slot of this.#slotOf.values()) yield this.#values[slot] as V
  }

  *[Symbol.iterator](): IterableIterator<[K, V]> {
    for (const [key, slot] of this.#slotOf) yield [key, this.#values[slot] as V]
  }
}
