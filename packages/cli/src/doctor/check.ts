import type { Snapshot } from './snapshot.js'

/** A problem that a check has found. */
export interface Finding {
  /**
   * The severity. `error`: messages are lost or stuck, or soon will be. `warning`: they may be. `note`: worth knowing,
   * but not a fault.
   */
  readonly severity: 'error' | 'warning' | 'note'
  /** The thing that has the problem: a queue, a connection, a node. */
  readonly subject: string
  /** The evidence, in a sentence. */
  readonly evidence: string
  /** The remedy, in a sentence. */
  readonly wayOut: string
}

/** A check of a broker. It reads the snapshot only. */
export interface Check {
  /** Short name, as in `--skip`. */
  readonly name: string
  readonly ask: (snapshot: Snapshot) => readonly Finding[]
}

/** A finding with the check that made it. */
export interface Diagnosis extends Finding {
  readonly check: string
}

const ORDER = ['error', 'warning', 'note']

/** Runs all checks. The worst finding comes first. */
export function diagnose(checks: readonly Check[], snapshot: Snapshot): readonly Diagnosis[] {
  const found = checks.flatMap(({ name, ask }) => ask(snapshot).map((finding) => ({ check: name, ...finding })))
  return found.sort((one, other) => ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity))
}
