import { isAccounted, isDestroyed, isOwed } from './ledger/account.js'
import type { Ledger } from './ledger/ledger.js'
import { isKept, isOnce, type Message, ONCE_CONCURRENCY, queueNames, queueOf } from './ledger/message.js'

/** Limits of a run. */
export interface Limits {
  /** How long a send may take to settle, in addition to the time in which the event loop was blocked. */
  readonly publishTimeoutMs: number
  /**
   * How many deliveries and sends may be in progress at once. Each of them may be handled twice if all connections are
   * lost.
   */
  readonly inHand: number
  readonly heapGrowthBytes: number
  /** How long the recovery from a fault may take. */
  readonly recoveryMs: number
}

/** A condition that must hold whatever happens. */
export interface Invariant {
  readonly name: string
  /** The condition as a sentence. */
  readonly says: string
  /** Finds the breaches. @returns a text for each; empty if the condition holds */
  readonly breaches: (ledger: Ledger, limits: Limits) => string[]
}

/** Tolerance for timers on a busy machine. */
const SLACK_MS = 2_000
/** The part of the former pace that counts as kept. Equal numbers would be a matter of chance. */
const KEPT_PACE = 0.6

/** All conditions that are checked after a run. */
export const invariants: readonly Invariant[] = [
  {
    name: 'kept',
    says: 'no message that was confirmed, or that a handler has had, is lost: it was handled, is a dead letter, or waits in a queue. A classic queue delivers what it has not stored yet: what went with its node is not lost if its sender got the outcome that it is not confirmed',
    breaches: (ledger) =>
      messagesOf(ledger)
        .filter((message) => isOwed(message) && !isAccounted(message) && !isDestroyed(ledger, message))
        .map(({ id, outcome, begun, dead }) => `${id} (${outcome}) is lost; begun ${begun} times, dead ${dead} times`),
  },
  {
    name: 'acked',
    says: 'no message is acknowledged before a handler has finished it, and every message that was given up is among the dead letters',
    breaches: (ledger) => [
      ...messagesOf(ledger)
        .filter(({ acked, done }) => acked > 0 && done === 0)
        .map(({ id }) => `${id} was acknowledged, but no handler finished it`),
      ...messagesOf(ledger)
        .filter((message) => message.dead > 0 && !isKept(message) && !isDestroyed(ledger, message))
        .map(({ id }) => `${id} was given up, but is not a dead letter`),
    ],
  },
  {
    name: 'settled',
    says: 'every send settles, within its deadline',
    breaches: (ledger, { publishTimeoutMs }) =>
      sends(ledger).flatMap((message) => late(message, ledger, publishTimeoutMs)),
  },
  {
    name: 'truthful',
    says: 'a message that was reported as not sent or returned is stored in no queue; a message that does not fit its contract reaches no handler',
    breaches: (ledger) => [
      ...sends(ledger)
        .filter(({ outcome, begun, storedIn }) => saysNotStored(outcome) && (begun > 0 || storedIn.length > 0))
        .map(({ id, outcome }) => `${id} was reported as ${outcome}, but was stored`),
      ...messagesOf(ledger)
        .filter(({ poison, begun }) => poison && begun > 0)
        .map(({ id }) => `${id} does not fit its contract, but reached a handler`),
    ],
  },
  {
    name: 'few duplicates',
    says: 'at most the messages that were unsettled at a fault are handled more than once',
    breaches: (ledger, { inHand }) => {
      const duplicates = messagesOf(ledger).reduce((sum, { done }) => sum + Math.max(0, done - 1), 0)
      const allowed = ledger.faults.length * inHand
      return duplicates > allowed ? [`${duplicates} duplicates, and ${allowed} are allowed`] : []
    },
  },
  {
    name: 'at most once',
    says: 'what is acknowledged before its handler is handled once at most, runs to its end, and is lost only with a connection: at most the messages in running handlers, for each fault',
    breaches: moreOrLessThanOnce,
  },
  {
    name: 'no isolation',
    says: 'no message is isolated because of lost connections: only the unsettled messages of a killed client are suspects',
    breaches: ({ isolated, killed }) => (killed.size > 0 ? [] : isolated.map((id) => `${id} was handled alone`)),
  },
  {
    name: 'pace',
    says: 'where it is measured, the same number is handled in the same time after a fault as before it',
    breaches: ({ pace }) => {
      const [before, after] = [pace.get('before'), pace.get('after')]
      if (before === undefined || after === undefined || after >= before * KEPT_PACE) return []
      return [`${after} were handled in the time in which it had been ${before}`]
    },
  },
  {
    name: 'own letters',
    says: 'a message comes to no handler but those of the queue that it was sent to, also when dead letters that two contracts share are replayed',
    breaches: ({ misplaced }) => misplaced,
  },
  {
    name: 'in order',
    says: 'with one sender, no retries and a single active consumer, what was confirmed is first handled in its order',
    breaches: outOfOrder,
  },
  {
    name: 'no surprise',
    says: 'a run of the client ends only on command, or by a SIGKILL of the campaign; there are no unhandled rejections',
    breaches: ({ exits, killed }) =>
      exits
        .filter(({ run, how }) => how !== 'code 0' && how !== hung && !killed.has(run))
        .map(({ run, how }) => `run ${run} ended: ${how}`),
  },
  {
    name: 'exits',
    says: 'closed, the client ends by itself',
    breaches: ({ exits }) => {
      if (exits.length === 0) return ['its end was not observed']
      return exits.filter(({ how }) => how === hung).map(({ run }) => `run ${run} was closed, but did not end`)
    },
  },
  {
    name: 'recovers',
    says: 'soon after each fault, each queue accepts messages and its worker handles them',
    breaches: ({ marks }, limits) =>
      marks.flatMap(({ fault, waiting, recoveryMs }) => {
        if (recoveryMs === undefined) return [`after ${fault} these did not recover: ${waiting.join(', ')}`]
        return recoveryMs > limits.recoveryMs ? [`after ${fault} it took ${recoveryMs} ms`] : []
      }),
  },
  {
    name: 'one consumer',
    says: 'at the end the broker knows exactly one consumer for each worker, and a last message to each is handled',
    breaches: (ledger) => [
      ...queueNames
        .filter((queue) => ledger.consumers.get(queue) !== 1)
        .map((queue) => `${queue} has ${ledger.consumers.get(queue) ?? 'an unknown number of'} consumers`),
      ...queueNames
        .filter((queue) => !probed(ledger, queue))
        .map((queue) => `the last message to ${queue} was not handled`),
    ],
  },
  {
    name: 'memory',
    says: 'after garbage collection the heap is about as large as at the start, at the end and at each other measurement',
    breaches: ({ heap }, { heapGrowthBytes }) => {
      const [before, ...others] = heap
      if (before === undefined || others.length === 0) return ['it was not measured']
      const grown = Math.max(...others) - before
      return grown > heapGrowthBytes ? [`it grew by ${Math.round(grown / 2 ** 20)} MiB`] : []
    },
  },
]

/** End of the id of the last message to a queue. */
export const probeMark = '-probe'

/** Text for an exit that did not come by itself. */
export const hung = 'hung'

function moreOrLessThanOnce(ledger: Ledger): string[] {
  const messages = messagesOf(ledger).filter(isOnce)
  const lost = messages.filter(
    ({ outcome, begun, storedIn }) => outcome === 'confirmed' && begun === 0 && storedIn.length === 0,
  ).length
  const mayBeLost = ledger.faults.length * ONCE_CONCURRENCY
  return [
    ...messages.filter(({ begun }) => begun > 1).map(({ id, begun }) => `${id} was handled ${begun} times`),
    ...ledger.aborted.map((id) => `${id} was aborted by the loss of a connection`),
    ...(lost > mayBeLost ? [`${lost} were lost, and ${mayBeLost} may be`] : []),
  ]
}

function messagesOf({ messages }: Ledger): Message[] {
  return [...messages.values()]
}

/** Returns the messages that went through the client, and not past it. */
function sends(ledger: Ledger): Message[] {
  return messagesOf(ledger).filter(({ poison }) => !poison)
}

function saysNotStored(outcome: Message['outcome']): boolean {
  return outcome === 'not-sent' || outcome === 'returned'
}

function late({ id, publishedAt, settledAt, run }: Message, { killed, lagMs }: Ledger, timeoutMs: number): string[] {
  if (settledAt === undefined) return killed.has(run) ? [] : [`${id} never settled`]
  const tookMs = settledAt - publishedAt
  return tookMs > timeoutMs + lagMs + SLACK_MS ? [`${id} settled after ${tookMs} ms`] : []
}

function outOfOrder({ messages, firstBegun }: Ledger): string[] {
  const order = new Map([...messages.keys()].map((id, index) => [id, index]))
  const begun = firstBegun.filter((id) => queueOf(id) === 'ordered' && messages.get(id)?.outcome === 'confirmed')
  return begun.flatMap((id, index) => {
    const before = begun[index - 1]
    return before !== undefined && (order.get(before) ?? 0) > (order.get(id) ?? 0) ? [`${id} came after ${before}`] : []
  })
}

function probed({ messages }: Ledger, queue: string): boolean {
  return messagesOf({ messages } as Ledger).some(
    ({ id, done }) => id.endsWith(probeMark) && queueOf(id) === queue && done > 0,
  )
}
