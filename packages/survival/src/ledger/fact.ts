/** Kinds of facts that the client under test, and the programs around it, write down. */
export const factKinds = [
  // The client's sends: before the call, and when its promise has settled.
  'published',
  'confirmed',
  'failed',
  // The client's handlers: at entry, before they throw, and before they return.
  'begun',
  'thrown',
  'done',
  // A handler got a message of another queue, or its signal was aborted although nothing could be requeued.
  'misplaced',
  'aborted',
  // Reports of its workers about a delivery.
  'acked',
  'retried',
  'dead',
  'stale',
  'isolated',
  // The client itself.
  'started',
  'lag',
  'heap',
  'rss',
  'warning',
  // Faults of the client, and actions on its messages.
  'fault',
  'pace',
  'healed',
  'destroyed',
  'poisoned',
  'killed',
  // The end of the client, and what was found afterwards.
  'exited',
  'consumers',
  'stored',
] as const

/** Kind of a fact. */
export type FactKind = (typeof factKinds)[number]

/** One line of a ledger. */
export interface Fact {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly kind: FactKind
  /** Subject of the fact: a message's id, a fault, a queue, or a run of the client. It holds no spaces. */
  readonly id: string
  /** Further text, on one line; may be empty. */
  readonly detail: string
}

const known: ReadonlySet<string> = new Set(factKinds)

/** Writes a fact as a line, with its line end. */
export function lineOf({ at, kind, id, detail }: Fact): string {
  return `${at} ${kind} ${id} ${detail.replaceAll(/\s+/g, ' ')}\n`
}

/** Reads a line without its line end. @throws Error if it is not a fact: a ledger that cannot be read proves nothing */
export function factOf(line: string): Fact {
  const [, at, kind, id, detail] = /^(\d+) (\S+) (\S+) (.*)$/.exec(line) ?? []
  if (at === undefined || kind === undefined || id === undefined || detail === undefined || !known.has(kind)) {
    throw new Error(`This line of a ledger cannot be read: ${JSON.stringify(line)}`)
  }
  return { at: Number(at), kind: kind as FactKind, id, detail }
}
