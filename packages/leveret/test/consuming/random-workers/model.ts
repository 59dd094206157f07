import type { Delivery, DeliveryEvent } from '../../../src/index.js'
import { type Entry, ends, eventsOf, newEntry, type others, reported, type SettlementName } from './entry.js'

/** A worker, as far as the account goes. */
export interface Worked {
  readonly name: string
  readonly acknowledge: string
  readonly concurrency: number
  readonly handlerTimeoutMs: number
  /** Its `close` has resolved. */
  isClosed: boolean
  /** It has reported that handlers still run. */
  toldIncomplete: boolean
}

/** One call of a handler. */
export interface Call {
  readonly worker: Worked
  readonly atMs: number
}

/** What becomes of each message of one run. */
export class Account {
  readonly entries = new Map<string, Entry>()
  /** What must not happen, in words. */
  readonly breaches: string[] = []
  readonly counts = new Map<string, number>()
  /** Ids in the order in which they first came to a handler. */
  readonly firstBegun: number[] = []
  readonly running = new Set<Call>()
  readonly steps: string[] = []
  losses = 0
  readonly #sinceMs = performance.now()
  readonly #byNumber: readonly Entry[]

  /** @param ids - the id of each message, by its number */
  constructor(ids: readonly string[]) {
    for (const [n, id] of ids.entries()) if (!this.entries.has(id)) this.entries.set(id, newEntry(n, id))
    this.#byNumber = ids.map((id) => this.entries.get(id) as Entry)
  }

  get atMs(): number {
    return Math.round(performance.now() - this.#sinceMs)
  }

  breach(what: string): void {
    this.breaches.push(`${this.atMs} ms: ${what}`)
  }

  entryOf(n: number): Entry {
    const entry = this.#byNumber[n]
    if (entry === undefined) throw new Error(`There is no message ${n}`)
    return entry
  }

  step(what: string): void {
    this.steps.push(`${this.atMs} ${what}`)
  }

  /** A connection has been lost: what was sent on it and not confirmed is sent again. */
  lost(reason: Error): void {
    this.losses += 1
    this.step(`a connection is lost: ${reason.message}`)
  }

  /** A message has been read. */
  decoded(n: number): void {
    const entry = this.entryOf(n)
    entry.decoded += 1
    this.#trace(entry, 'decoded')
  }

  /** A handler begins with some messages. @returns what to call when it ends, whatever it does, with how it did */
  begin(
    worker: Worked,
    numbers: readonly number[],
    deliveries: readonly Delivery[],
  ): { readonly call: Call; end(how: string): void } {
    const call = { worker, atMs: performance.now() }
    if (worker.isClosed) this.breach(`${worker.name} has closed, and its handler began with ${idsOf(deliveries)}`)
    this.running.add(call)
    this.#checkConcurrency(worker)
    const entries = numbers.map((n) => this.entryOf(n))
    for (const [index, entry] of entries.entries()) {
      const { attempt = 0, messageId } = deliveries[index] ?? {}
      if (messageId !== entry.id) this.breach(`a handler got ${entry.id} as ${messageId}`)
      if (entry.begun === 0) this.firstBegun.push(entry.n)
      entry.begun += 1
      this.#trace(entry, `${worker.name} begins attempt ${attempt}`)
    }
    const end = (how: string): void => {
      this.running.delete(call)
      for (const entry of entries) this.#trace(entry, `${worker.name} ${how}`)
    }
    return { call, end }
  }

  /** A handler has done all that it had to do with a message. */
  done({ messageId = '' }: Delivery): void {
    const entry = this.entries.get(messageId) as Entry
    entry.done += 1
    this.#trace(entry, 'done')
  }

  /** A worker says what became of a delivery. */
  settled(
    worker: Worked,
    name: SettlementName,
    { messageId = '', ...event }: Pick<DeliveryEvent, 'messageId' | 'attempt'>,
  ): void {
    this.#count(name)
    const entry = this.entries.get(messageId)
    if (entry === undefined) {
      this.breach(`${worker.name} reported a message of another run: ${messageId}`)
      return
    }
    entry.events.set(name, eventsOf(entry, name) + 1)
    this.#trace(entry, `${worker.name} reported ${name} ${'reason' in event ? event.reason : ''}`)
    const isHandled = entry.done >= eventsOf(entry, 'acked') && entry.done > 0
    if (name === 'acked' && !isHandled) this.breach(`${entry.id} was acked more often than it was handled`)
    if (name === 'skipped' && !isHandled) this.breach(`${entry.id} was skipped, and had not been handled`)
    if (name === 'stale' && worker.acknowledge === 'none') entry.mayBeGone += 1
    if (name === 'stuck') this.breach(`${entry.id} is stuck: ${JSON.stringify(event)}`)
  }

  /** A worker says something else. */
  reported(worker: Worked, name: (typeof others)[number], event: object): void {
    this.#count(name)
    if (name === 'close.incomplete') worker.toldIncomplete = true
    const { messageId } = event as { messageId?: string }
    const entry = messageId === undefined ? undefined : this.entries.get(messageId)
    if (entry !== undefined) this.#trace(entry, `${worker.name} reported ${name}`)
    else this.step(`${worker.name} reported ${name} ${reasonOf(event)}`)
  }

  /** How many of its handlers run, but for those that have been given up: they keep no slot. */
  runningOf(worker: Worked): number {
    const now = performance.now()
    const counts = (call: Call): boolean =>
      call.worker === worker && now - call.atMs < worker.handlerTimeoutMs + GIVEN_UP_MS
    return [...this.running].filter(counts).length
  }

  /** How many of its handlers run in all. */
  allRunningOf(worker: Worked): number {
    return [...this.running].filter((call) => call.worker === worker).length
  }

  /** How many dead letters were reported. */
  get lettersTold(): number {
    return this.counts.get('dead-lettered') ?? 0
  }

  /** Ids of which more were read than ended. */
  get untold(): string[] {
    return [...this.entries.values()].filter((entry) => reported(entry) < entry.decoded).map(({ id }) => id)
  }

  /** Ids without a final event. */
  get open(): string[] {
    return [...this.entries.values()]
      .filter((entry) => entry.published > 0 && !entry.isDestroyed && ends(entry) < entry.published)
      .map(({ id }) => id)
  }

  /** It was in a queue when nothing ran any more. */
  found(id: string, queue: string): void {
    const entry = this.entries.get(id)
    if (entry === undefined) this.breach(`in ${queue} was a message of another run: ${id}`)
    else entry.stored.push(queue)
  }

  /** Whatever was in the queue when it was deleted is gone. */
  destroyed(): void {
    for (const entry of this.entries.values()) entry.isDestroyed = true
  }

  #count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
  }

  #checkConcurrency(worker: Worked): void {
    const { concurrency } = worker
    const running = this.runningOf(worker)
    if (running > concurrency) this.breach(`${worker.name} runs ${running} handlers at a concurrency of ${concurrency}`)
  }

  #trace(entry: Entry, what: string): void {
    entry.trace.push(`${this.atMs} ${what}`)
  }
}

/** A handler is given up a second after its time. It may begin a little after that does. */
const GIVEN_UP_MS = 500

function idsOf(deliveries: readonly Delivery[]): string {
  return deliveries.map(({ messageId }) => messageId).join(', ')
}

function reasonOf(event: object): string {
  const { reason, by } = event as { reason?: unknown; by?: string }
  return reason instanceof Error ? `${reason.name}: ${reason.message}` : (by ?? '')
}
