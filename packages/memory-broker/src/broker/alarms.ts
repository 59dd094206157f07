/** What can be short. */
export type Resource = 'memory' | 'disk'

/** The alarms over memory and disk. While there is one, nobody may publish. */
export class Alarms {
  /** A resource may be short for several reasons, so that one that ends leaves the other. */
  readonly #raised = new Map<Resource, Set<string>>()
  readonly #listeners = new Set<() => void>()

  /** Which resources are short, as `connection.blocked` says it; `undefined` if none is. */
  get reason(): string | undefined {
    const short = [...this.#raised].filter(([, sources]) => sources.size > 0).map(([resource]) => resource)
    return short.length === 0 ? undefined : `low on ${short.join(' & ')}`
  }

  isRaised(resource: Resource): boolean {
    return (this.#raised.get(resource)?.size ?? 0) > 0
  }

  raise(resource: Resource, source = 'test'): void {
    const sources = this.#raised.get(resource) ?? new Set<string>()
    if (sources.has(source)) return
    this.#raised.set(resource, sources.add(source))
    for (const listener of this.#listeners) listener()
  }

  clear(resource: Resource, source = 'test'): void {
    if (this.#raised.get(resource)?.delete(source) !== true) return
    for (const listener of this.#listeners) listener()
  }

  /** @returns a function that ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
