import { fromByteText } from '../wire/byte-text.js'

/** An entry of the broker's log. */
export interface LogEntry {
  /** Milliseconds since 1970 by the broker's clock. */
  readonly atMs: number
  readonly kind: LogKind
  readonly vhost?: string | undefined
  readonly connection?: string | undefined
  readonly channel?: number | undefined
  readonly exchange?: string | undefined
  readonly routingKey?: string | undefined
  readonly queue?: string | undefined
  readonly messageId?: string | undefined
  readonly what?: string | undefined
}

export type LogKind =
  | 'connected'
  | 'disconnected'
  | 'refused'
  | 'declared'
  | 'deleted'
  | 'bound'
  | 'unbound'
  | 'consuming'
  | 'cancelled'
  | 'published'
  | 'returned'
  | 'delivered'
  | 'acked'
  | 'requeued'
  | 'rejected'
  | 'dead-lettered'
  | 'dropped'
  | 'closed'
  | 'renewed'
  | 'fault'

/** Keeps the newest entries of the broker's log. */
export class Log {
  readonly #limit: number
  readonly #now: () => number
  #entries: LogEntry[] = []
  #forgotten = 0

  constructor(now: () => number, limit: number) {
    this.#now = now
    this.#limit = limit
  }

  /** The entries, the oldest first. */
  get entries(): readonly LogEntry[] {
    return this.#entries
  }

  /** How many older entries were dropped. */
  get forgotten(): number {
    return this.#forgotten
  }

  add(entry: Omit<LogEntry, 'atMs'>): void {
    if (this.#limit === 0) return
    // Drops half of the entries at once, so that adding one costs the same whatever the limit.
    if (this.#entries.length >= this.#limit) this.#forget(Math.ceil(this.#limit / 2))
    this.#entries.push({ atMs: this.#now(), ...entry })
  }

  clear(): void {
    this.#forget(this.#entries.length)
  }

  /** Returns one line for each entry, with times since the first. */
  toString(): string {
    const startMs = this.#entries[0]?.atMs ?? 0
    const earlier = this.#forgotten > 0 ? [`… ${this.#forgotten} earlier entries`] : []
    return [...earlier, ...this.#entries.map((entry) => lineOf(entry, startMs))].join('\n')
  }

  #forget(count: number): void {
    this.#entries = this.#entries.slice(count)
    this.#forgotten += count
  }
}

function lineOf({ atMs, kind, ...entry }: LogEntry, startMs: number): string {
  const { connection, channel, exchange, routingKey, queue, messageId, what } = entry
  const who = connection === undefined ? undefined : `${connection}${channel === undefined ? '' : `#${channel}`}`
  const target = exchange === undefined ? undefined : `'${exchange}' -> '${routingKey ?? ''}'`
  const parts = [kind, who, queue === undefined ? undefined : `'${queue}'`, target, messageId, what]
  const line = `${String(atMs - startMs).padStart(8)} ms  ${parts.filter((part) => part !== undefined && part !== '').join('  ')}`
  return fromByteText(line)
}
