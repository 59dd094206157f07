/** What the client under test writes down, and what those around it do. */
export const factKinds = [
  // The client's sends: before the call, and when its promise has settled.
  'published',
  'confirmed',
  'failed',
  // The client's handlers: at entry, before they throw, and before they return.
  'begun',
  'thrown',
  'done',
  // A handler got what another queue was sent, or its signal was aborted although nothing could be given back.
  'misplaced',
  'aborted',
  // What its workers tell of a delivery.
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
  // What is done to it, and to its messages.
  'fault',
  'pace',
  'healed',
  'destroyed',
  'poisoned',
  'killed',
  // How it ended, and what was found afterwards.
  'exited',
  'consumers',
  'stored',
] as const

/** What the client under test writes down, and what those around it do. */
export type FactKind = (typeof factKinds)[number]

/** One line of a ledger. */
export interface Fact {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly kind: FactKind
  /** A message's id, or what else it is about: a fault, a queue, a run of the client. Has no spaces. */
  readonly id: string
  /** What else is known, on one line; may be empty. */
  readonly detail: string
}

const known: ReadonlySet<string> = new Set(factKinds)

/** Writes a fact as a line, with its end. */
export function lineOf({ at, kind, id, detail }: Fact): string {
  return `${at} ${kind} ${id} ${detail.replaceAll(/\s+/g, ' ')}\n`
}

/** Reads a line without its end. @throws Error when it is none: a ledger that cannot be read proves nothing */
export function factOf(line: string): Fact {
  const [, at, kind, id, detail] = /^(\d+) (\S+) (\S+) (.*)$/.exec(line) ?? []
  if (at === undefined || kind === undefined || id === undefined || detail === undefined || !known.has(kind)) {
    throw new Error(`This line of a ledger makes no sense: ${JSON.stringify(line)}`)
  }
  return { at: Number(at), kind: kind as FactKind, id, detail }
}
