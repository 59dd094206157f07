import { invariants, type Limits } from '../src/invariants.js'
import { type Fact, type FactKind, lineOf } from '../src/ledger/fact.js'
import { Ledger } from '../src/ledger/ledger.js'

/** What a test says of a fact: the kind, what it is about, and what else is known. */
export type Entry = readonly [kind: FactKind, id: string, detail?: string]

/** Facts, one a millisecond from 1000 on; an entry may also be a pause in milliseconds. */
export function factsOf(...entries: readonly (Entry | number)[]): Fact[] {
  let at = 1_000
  return entries.flatMap((entry) => {
    if (typeof entry === 'number') {
      at += entry
      return []
    }
    const [kind, id, detail = ''] = entry
    return [{ at: at++, kind, id, detail }]
  })
}

/** A ledger of these facts. */
export function ledgerOf(...entries: readonly (Entry | number)[]): Ledger {
  const ledger = new Ledger()
  ledger.enter(factsOf(...entries))
  return ledger
}

/** The same as text. */
export function linesOf(...entries: readonly (Entry | number)[]): string {
  return factsOf(...entries)
    .map(lineOf)
    .join('')
}

/** A message that was confirmed, handled once and acknowledged. */
export function handled(id: string): Entry[] {
  return [
    ['published', id],
    ['confirmed', id],
    ['begun', id, '1'],
    ['done', id],
    ['acked', id],
  ]
}

/** A run in which nothing went wrong, which ended as it should. */
export const blameless: readonly Entry[] = [
  ['started', '1'],
  ['heap', '1', '1000'],
  ...['w1-1', 'w1-2', 'c1-3', 'o1-4', 'o1-5'].flatMap(handled),
  ['fault', 'reset'],
  ['healed', 'reset'],
  ...['w1-6', 'c1-7', 'o1-8', 'w1-probe', 'c1-probe', 'o1-probe'].flatMap(handled),
  ['consumers', 'work', '1'],
  ['consumers', 'plain', '1'],
  ['consumers', 'ordered', '1'],
  ['heap', '1', '1200'],
  ['exited', '1', 'code 0'],
]

const limits: Limits = { publishTimeoutMs: 10_000, inHand: 2, heapGrowthBytes: 1_000, recoveryMs: 5_000 }

/** The invariants that are breached, each with what is said. */
export function breaches(...entries: readonly (Entry | number)[]): Record<string, string[]> {
  const ledger = ledgerOf(...entries)
  const found = invariants.map(({ name, breaches: find }) => [name, find(ledger, limits)] as const)
  return Object.fromEntries(found.filter(([, breached]) => breached.length > 0))
}
