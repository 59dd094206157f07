import type { Fact } from './fact.js'
import { Mark } from './mark.js'
import { type Message, newMessage, type Outcome, type QueueName, queueNames, queueOf } from './message.js'

/** The end of one run of the client. */
export interface Exit {
  readonly run: string
  /** `code 0`, or a signal such as `SIGKILL`, with the last output of the client. */
  readonly how: string
}

/** The account of one run: what happened to every message, and which faults there were. */
export class Ledger {
  readonly messages = new Map<string, Message>()
  /** Ids in the order in which handlers first got them. */
  readonly firstBegun: string[] = []
  /** Faults, one entry for each time. */
  readonly faults: string[] = []
  readonly marks: Mark[] = []
  /** Times at which an operator destroyed the messages of a queue; `*` means all queues. */
  readonly destroyed: { readonly queue: string; readonly at: number }[] = []
  readonly killed = new Set<string>()
  readonly exits: Exit[] = []
  readonly consumers = new Map<string, number>()
  readonly heap: number[] = []
  readonly warnings: string[] = []
  readonly counts = { retried: 0, stale: 0 }
  /** Ids of messages that were handled alone. */
  readonly isolated: string[] = []
  /** Messages that came to the handler of another queue, as sentences. */
  readonly misplaced: string[] = []
  /** Ids of messages whose handler was aborted although they were acknowledged. */
  readonly aborted: string[] = []
  /** How many messages were handled in a while, before a fault and after it. */
  readonly pace = new Map<string, number>()
  rssBytes = 0
  lagMs = 0
  #run = ''

  /** Enters facts in the order in which they were written. */
  enter(facts: Iterable<Fact>): void {
    for (const fact of facts) this.#enter(fact)
  }

  #enter(fact: Fact): void {
    const handle = this.#on[fact.kind]
    if (handle !== undefined) handle(fact)
    else this.#ofMessage(fact)
  }

  /** Handlers of facts that do not concern a message. */
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

/** Reads the queues of a fact. An empty text means all queues. */
function queuesIn(detail: string): readonly QueueName[] {
  return detail === '' ? queueNames : queueNames.filter((queue) => detail.split(',').includes(queue))
}
