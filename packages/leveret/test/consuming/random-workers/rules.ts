import { type Entry, eventsOf, reported, type SettlementName } from './entry.js'
import type { Account } from './model.js'
import type { Program } from './program.js'

/** What the rules need to know of a run. */
export interface Circumstances {
  readonly program: Pick<Program, 'queue' | 'workers' | 'ids' | 'steps' | 'interceptors' | 'ways' | 'endsBy'>
  /** Whether its acks may have been lost with the broker's memory. */
  readonly brokerWasKilled: boolean
}

/** All that is wrong with a run, in words, when nothing runs any more and every queue has been looked into. */
export function breachesOf(account: Account, circumstances: Circumstances): string[] {
  const entries = [...account.entries.values()]
  return [
    ...account.breaches,
    ...entries.flatMap((entry) => [
      ...unaccounted(entry),
      ...untold(entry),
      ...falselyTold(entry, circumstances, account.losses),
      ...againUnderNone(entry, circumstances),
    ]),
    ...outOfOrder(account, circumstances),
  ]
}

/** Every message is somewhere: handled and acked, a dead letter, dropped as reported, or in a queue. */
function unaccounted(entry: Entry): string[] {
  const { id, published, stored, mayBeGone, isDestroyed } = entry
  if (isDestroyed) return []
  const found = sum(entry, ['acked', 'skipped', 'dropped']) + stored.length + mayBeGone
  return found < published ? [`${id} is lost: ${published} were sent, ${found} found`] : []
}

/** What was read ends once. */
function untold(entry: Entry): string[] {
  const { id, decoded } = entry
  const ends = reported(entry)
  return ends === decoded ? [] : [`${id} was read ${decoded} times, and its end was reported ${ends} times`]
}

function falselyTold(entry: Entry, { program: { queue, workers, ids } }: Circumstances, losses: number): string[] {
  const { id, stored, isDestroyed } = entry
  const letters = stored.filter((name) => name.endsWith('.dead-letter')).length
  const said = eventsOf(entry, 'dead-lettered')
  const wrong: string[] = []
  if (said > 0 && letters === 0 && !isDestroyed) wrong.push(`${id} was reported as a dead letter, but is not one`)
  // A copy may have been stored when its channel was lost, or had to be given back; and one that was not confirmed is sent again.
  // With native retry the broker gives up what was lost in its last attempt, whether or not that was read.
  if (queue.retry !== 'native' && letters > said + sum(entry, ['stale', 'given-back']) + losses)
    wrong.push(`${id} is a dead letter ${letters} times, reported ${said} times`)
  const mayDrop = !queue.keepsLetters || workers.some(({ acknowledge }) => acknowledge === 'none')
  if (eventsOf(entry, 'dropped') > 0 && !mayDrop) wrong.push(`${id} was dropped`)
  if (eventsOf(entry, 'ignored') > 0) wrong.push(`${id} was ignored`)
  const deduplicates = workers.some(({ store }) => store !== undefined)
  if (eventsOf(entry, 'postponed') > 0 && !deduplicates) wrong.push(`${id} was postponed`)
  // The ids of another program may belong to more than one message.
  if (eventsOf(entry, 'skipped') > 0 && !deduplicates && ids !== 'own') wrong.push(`${id} was skipped`)
  const isManual = workers.some(({ acknowledge }) => acknowledge === 'manual')
  if (eventsOf(entry, 'requeued') > 0 && !isManual) wrong.push(`${id} was requeued`)
  return wrong
}

/**
 * At most once. Where a deduplication store has a delivery wait, or fails, a copy of it is stored before its ack, which may be lost: then
 * both come, and both may begin.
 */
function againUnderNone(entry: Entry, { program: { workers }, brokerWasKilled }: Circumstances): string[] {
  const isOnce = workers.every(({ acknowledge }) => acknowledge === 'none') && !brokerWasKilled
  const { id, begun, published } = entry
  const isAsked = workers.some(({ store }) => store !== undefined)
  const copied = isAsked ? sum(entry, ['postponed', 'retried', 'stale']) : 0
  return isOnce && begun > Math.max(1, published) + copied
    ? [`${id} was handled ${begun} times, and at most once was promised`]
    : []
}

/**
 * What one worker handles by keys comes first to its handler in the order in which it was sent, and so does what is handled one at a
 * time by the single active one. What is refused before its handler, or postponed, comes later; and so does what RabbitMQ
 * holds back, because its connection was lost.
 */
function outOfOrder(account: Account, { program }: Circumstances): string[] {
  const { queue, workers, ids, steps, interceptors } = program
  const waits = workers.some(({ store }) => store !== undefined) || interceptors.includes('refuses some')
  if (queue.maxPriority !== undefined || queue.retry === 'native' || waits || ids === 'repeated') return []
  // A pause hands the queue over with its unsettled deliveries.
  const isPaused = steps.some((step) => step.do === 'pause') || workers.some(({ breaker }) => breaker)
  // Where there are keys, those of other keys go on meanwhile.
  const takesOne = workers.every(({ concurrency, batch, isOrdered }) => concurrency === 1 && !batch && !isOrdered)
  // A quorum queue puts what comes back behind what came back before (`returns` of `rabbit_fifo.erl`, each consumer's in its order; raw
  // amqplib on 3.10.8 and 4.3.6). So a consumer that took fewer than its predecessor gave back, and is lost too, turns the two parts round.
  const prefetches = new Set(workers.map(({ prefetch }) => prefetch))
  const takesAll = queue.type === 'classic' || prefetches.size === 1
  const isOneByOne = queue.singleActive && !isPaused && takesOne && takesAll
  // A delivery that crosses the cancel of a close is put before what that gives back to a quorum queue (measured on 3.10.8 and 4.3.6).
  const crosses = queue.type === 'quorum' && closes(program)
  const isAlone = workers.length === 1 && !steps.some((step) => step.do === 'start') && !crosses
  if (!isOneByOne && !(isAlone && workers[0].isOrdered)) return []
  const last = new Map<number, number>()
  const idOf = (n: number): string => account.entryOf(n).id
  return account.firstBegun.flatMap((n) => {
    const key = isOneByOne ? 0 : keyOf(n)
    const before = last.get(key) ?? -1
    last.set(key, Math.max(before, n))
    return before > n ? [`${idOf(n)} came first after ${idOf(before)}, which was sent later`] : []
  })
}

function closes({ steps, ways, endsBy }: Pick<Program, 'steps' | 'ways' | 'endsBy'>): boolean {
  const isClose = (what: string): boolean => what.startsWith('close')
  return endsBy === 'a clean worker' || steps.some((step) => isClose(step.do)) || ways.some(isClose)
}

/** The key of a message, where some are handled in order. */
export function keyOf(n: number): number {
  return n % 4
}

function sum(entry: Entry, names: readonly SettlementName[]): number {
  return names.reduce((total, name) => total + eventsOf(entry, name), 0)
}
