/** A resource whose shortage raises an alarm. */
export type Resource = 'memory' | 'disk'

/** Holds the alarms about memory and disk. While one is raised, publishers are blocked. */
export class Alarms {
  /** Raised alarms with their sources: an alarm lasts until its last source is cleared. */
  readonly #raised = new Map<Resource, Set<string>>()
  readonly #listeners = new Set<() => void>()

  /** The reason as `connection.blocked` words it; `undefined` if no alarm is raised. */
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

  /** @returns a function that removes the listener */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
