import type { LedgerEntry } from './ledger.js'

interface Settlement {
  readonly entries: readonly LedgerEntry[]
  readonly run: () => void
}

/** Holds the uncommitted publishes and settlements of a channel. */
export class Transaction {
  readonly #restore: (entries: readonly LedgerEntry[]) => void
  #publishes: (() => void)[] = []
  #settlements: Settlement[] = []

  /** @param restore - takes back deliveries that are not settled after all */
  constructor(restore: (entries: readonly LedgerEntry[]) => void) {
    this.#restore = restore
  }

  publish(run: () => void): void {
    this.#publishes.push(run)
  }

  settle(entries: readonly LedgerEntry[], run: () => void): void {
    this.#settlements.push({ entries, run })
  }

  commit(): void {
    const runs = [...this.#publishes, ...this.#settlements.map(({ run }) => run)]
    this.#clear()
    for (const run of runs) run()
  }

  rollback(): void {
    const entries = this.#settlements.flatMap((settlement) => settlement.entries)
    this.#clear()
    this.#restore(entries)
  }

  #clear(): void {
    this.#publishes = []
    this.#settlements = []
  }
}
