import type { Fact } from './fact.js'
import { Mark } from './mark.js'
import { type Message, newMessage, type Outcome, type QueueName, queueNames, queueOf } from './message.js'

/** How a run of the client ended. */
export interface Exit {
  readonly run: string
  /** `code 0`, or `SIGKILL` and its like, and the end of what it had to say. */
  readonly how: string
}

/** The account of one run: what became of every message, and what was done to it. */
export class Ledger {
  readonly messages = new Map<string, Message>()
  /** Ids in the order in which handlers first got them. */
  readonly firstBegun: string[] = []
  /** What was done, one entry for each time. */
  readonly faults: string[] = []
  readonly marks: Mark[] = []
  /** When an operator destroyed what a queue held; `*` is all of them. */
  readonly destroyed: { readonly queue: string; readonly at: number }[] = []
  readonly killed = new Set<string>()
  readonly exits: Exit[] = []
  readonly consumers = new Map<string, number>()
  readonly heap: number[] = []
  readonly warnings: string[] = []
  readonly counts = { retried: 0, stale: 0 }
  /** Ids of what was handled alone. */
  readonly isolated: string[] = []
  /** What came to the handler of another queue, as sentences. */
  readonly misplaced: string[] = []
  /** Ids of what was aborted although it had been acknowledged. */
  readonly aborted: string[] = []
  /** How much was handled in a while, before a fault and after it. */
  readonly pace = new Map<string, number>()
  rssBytes = 0
  lagMs = 0
  #run = ''

  /** Takes facts in the order in which they were written. */
  enter(facts: Iterable<Fact>): void {
    for (const fact of facts) this.#enter(fact)
  }

  #enter(fact: Fact): void {
    const handle = this.#on[fact.kind]
    if (handle !== undefined) handle(fact)
    else this.#ofMessage(fact)
  }

  /** What is about no message. */
  readonly #on: Partial<Record<Fact['kind'], (fact: Fact) => void>> = {
    started: ({ id }) => (this.#run = id),
    lag: ({ detail }) => (this.lagMs = Math.max(this.lagMs, Number(detail))),
    heap: ({ detail }) => void this.heap.push(Number(detail)),
    rss: ({ detail }) => (this.rssBytes = Math.max(this.rssBytes, Number(detail))),
    warning: ({ detail }) => void this.warnings.push(detail),
    fault: ({ id }) => void this.faults.push(id),
    healed: ({ id, at, detail }) => void this.marks.push(new Mark(id, at, queuesIn(detail))),
    destroyed: ({ id, at }) => void this.destroyed.push({ queue: id, at }),
    killed: ({ id }) => void this.killed.add(id),
    isolated: ({ id }) => void this.isolated.push(id),
    misplaced: ({ id, detail }) => void this.misplaced.push(`${id} came to ${detail}`),
    aborted: ({ id }) => void this.aborted.push(id),
    pace: ({ id, detail }) => void this.pace.set(id, Number(detail)),
    exited: ({ id, detail }) => void this.exits.push({ run: id, how: detail }),
    consumers: ({ id, detail }) => void this.consumers.set(id, Number(detail)),
  }

  #ofMessage(fact: Fact): void {
    const { at, kind, id, detail } = fact
    const message = this.messages.get(id) ?? newMessage(id, at, this.#run)
    this.messages.set(id, message)
    if (kind === 'confirmed' || kind === 'failed') {
      message.outcome = kind === 'confirmed' ? 'confirmed' : (detail as Outcome)
      message.settledAt = at
      if (kind === 'confirmed') this.#progress('confirmed', message, at)
    }
    if (kind === 'begun') {
      if (message.begun === 0) this.firstBegun.push(id)
      message.begun += 1
    }
    if (kind === 'done') {
      message.done += 1
      this.#progress('done', message, at)
    }
    if (kind === 'acked') message.acked += 1
    if (kind === 'dead') message.dead += 1
    if (kind === 'poisoned') message.poison = true
    if (kind === 'stored') message.storedIn.push(detail)
    if (kind === 'retried' || kind === 'stale') this.counts[kind] += 1
  }

  #progress(kind: 'confirmed' | 'done', { id, publishedAt }: Message, at: number): void {
    const queue = queueOf(id)
    if (queue === undefined) return
    for (const mark of this.marks) mark.reach({ queue, kind, publishedAt, at })
  }
}

/** None is all. */
function queuesIn(detail: string): readonly QueueName[] {
  return detail === '' ? queueNames : queueNames.filter((queue) => detail.split(',').includes(queue))
}
