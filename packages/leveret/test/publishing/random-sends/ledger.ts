import { PublishError } from '../../../src/index.js'

/** How a send or a call ended. */
export type Outcome = 'confirmed' | 'not-sent' | 'unknown' | 'refused' | 'returned' | 'answered' | 'failed'

/** What is known of one send or call. */
export interface Entry {
  readonly id: string
  readonly kind: 'send' | 'call'
  outcome: Outcome | undefined
  /** For how long it was on its way beyond its time. */
  lateMs: number
  /** How often it was written. */
  written: number
  /** How often it was in its queue at the end, or came to a handler. */
  stored: number
  /** Its answer was that of another call. */
  isWrong: boolean
}

/** What was sent in one run, and what became of it. */
export class Ledger {
  readonly entries = new Map<string, Entry>()

  add(id: string, kind: Entry['kind']): Entry {
    const entry = { id, kind, outcome: undefined, lateMs: 0, written: 0, stored: 0, isWrong: false }
    this.entries.set(id, entry)
    return entry
  }

  /** Follows one until it has settled. */
  async follow(entry: Entry, timeoutMs: number, act: () => Promise<Outcome>): Promise<void> {
    const since = performance.now()
    try {
      entry.outcome = await act()
    } catch (error) {
      entry.outcome = outcomeOf(error)
    }
    entry.lateMs = performance.now() - since - timeoutMs
  }

  count(outcome: Outcome): number {
    return [...this.entries.values()].filter((entry) => entry.outcome === outcome).length
  }
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof PublishError) return error.outcome
  const { outcome } = error as { outcome?: unknown }
  return outcome === 'not-sent' ? 'not-sent' : 'failed'
}

/** More than a busy machine makes of a timer. */
const TOLERANCE_MS = 5_000

/** What must never be: what was confirmed and is not there, and so on. */
export function breachesOf({ entries }: Ledger): Record<'lost' | 'false' | 'late' | 'double' | 'unsettled', Entry[]> {
  const all = [...entries.values()]
  return {
    lost: all.filter(({ kind, outcome, stored }) => kind === 'send' && outcome === 'confirmed' && stored === 0),
    false: all.filter(
      ({ outcome, stored, isWrong }) => isWrong || (stored > 0 && (outcome === 'not-sent' || outcome === 'returned')),
    ),
    late: all.filter(({ lateMs }) => lateMs > TOLERANCE_MS),
    double: all.filter(({ stored, written }) => stored > written),
    unsettled: all.filter(({ outcome }) => outcome === undefined),
  }
}
