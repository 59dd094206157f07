import type { Ledger } from './ledger.js'
import { isKept, type Message, queueOf } from './message.js'

/** Figures of a run. */
export interface Figures {
  readonly published: number
  readonly confirmed: number
  readonly returned: number
  readonly refused: number
  readonly notSent: number
  readonly unknown: number
  readonly otherErrors: number
  readonly handled: number
  readonly acked: number
  readonly retried: number
  readonly deadLettered: number
  readonly duplicates: number
  readonly destroyed: number
  readonly faults: number
  /** The longest recovery; `undefined` if one never ended. */
  readonly recoveryMs: number | undefined
  readonly heapGrownBytes: number
  readonly rssBytes: number
}

/**
 * Whether the message must be accounted for: it was confirmed, or a handler got it, so the broker had it. A classic
 * queue delivers messages that it has not stored yet. If they are lost with its node, they were not confirmed to their
 * sender.
 */
export function isOwed({ outcome, begun, id }: Message): boolean {
  const queue = queueOf(id)
  const wasReportedOtherwise = queue === 'plain' && (outcome === 'refused' || outcome === 'unknown')
  return queue !== undefined && (outcome === 'confirmed' || (begun > 0 && !wasReportedOtherwise))
}

/** Whether the message is where it should be: handled, kept, or still waiting in a queue. */
export function isAccounted(message: Message): boolean {
  return message.done > 0 || message.storedIn.length > 0
}

/** Whether the message was, or may have been, in a queue whose messages an operator destroyed. */
export function isDestroyed({ destroyed }: Ledger, { id, publishedAt }: Message): boolean {
  return destroyed.some(({ queue, at }) => (queue === '*' || queue === queueOf(id)) && publishedAt <= at)
}

/**
 * Returns the messages without a result so far, while the client still runs. A message that failed for good counts as
 * ended.
 */
export function openMessages(ledger: Ledger): Message[] {
  return [...ledger.messages.values()].filter(
    (message) => isOwed(message) && !isAccounted(message) && message.dead === 0 && !isDestroyed(ledger, message),
  )
}

/** Counts the entries of the ledger. */
export function figuresOf(ledger: Ledger): Figures {
  const messages = [...ledger.messages.values()]
  const count = (is: (message: Message) => boolean): number => messages.filter(is).length
  const ended = (outcome: string): number => count((message) => message.outcome === outcome)
  const sum = (of: (message: Message) => number): number => messages.reduce((total, message) => total + of(message), 0)
  const recoveries = ledger.marks.map(({ recoveryMs }) => recoveryMs)
  return {
    published: messages.length,
    confirmed: ended('confirmed'),
    returned: ended('returned'),
    refused: ended('refused'),
    notSent: ended('not-sent'),
    unknown: ended('unknown'),
    otherErrors: count(({ outcome }) => outcome?.startsWith('error:') ?? false),
    handled: count(({ done }) => done > 0),
    acked: count(({ acked }) => acked > 0),
    retried: ledger.counts.retried,
    deadLettered: count(isKept),
    duplicates: sum(({ done }) => Math.max(0, done - 1)),
    destroyed: count((message) => isOwed(message) && !isAccounted(message) && isDestroyed(ledger, message)),
    faults: ledger.faults.length,
    recoveryMs: recoveries.includes(undefined) ? undefined : Math.max(0, ...recoveries.map(Number)),
    heapGrownBytes: Math.max(0, ...ledger.heap.slice(1)) - (ledger.heap[0] ?? 0),
    rssBytes: ledger.rssBytes,
  }
}
