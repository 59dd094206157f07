import type { Snapshot } from './snapshot.js'

/** A thing that is not as it should be. */
export interface Finding {
  /**
   * `error`: messages are lost or stand still, or soon will. `warning`: they may be. `note`: worth knowing; it is no
   * fault.
   */
  readonly severity: 'error' | 'warning' | 'note'
  /** The thing that it is about: a queue, a connection, a node. */
  readonly subject: string
  /** The evidence, in a sentence. */
  readonly evidence: string
  /** The way out, in a sentence. */
  readonly wayOut: string
}

/** One question about a broker. It asks the snapshot and nobody else. */
export interface Check {
  /** Short, and a name in `--skip`. */
  readonly name: string
  readonly ask: (snapshot: Snapshot) => readonly Finding[]
}

/** A finding with the check that made it. */
export interface Diagnosis extends Finding {
  readonly check: string
}

const ORDER = ['error', 'warning', 'note']

/** Asks all checks. The worst comes first. */
export function diagnose(checks: readonly Check[], snapshot: Snapshot): readonly Diagnosis[] {
  const found = checks.flatMap(({ name, ask }) => ask(snapshot).map((finding) => ({ check: name, ...finding })))
  return found.sort((one, other) => ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity))
}
