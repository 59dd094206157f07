import { workQueue } from 'leveret'
import { z } from 'zod'
import type { ClientSettings } from './settings.js'

/** The shortest consumer timeout that a contract of leveret allows. */
const SHORTEST_TIMEOUT_MS = 60_000
/** Name of the dead-letter queue of two contracts that share one. */
const SHARED_LETTERS = 'shared.dead-letter'

/** Behaviours of a handler. */
const behaviours = ['succeeds', 'fails-once', 'fails', 'rejects', 'hangs'] as const

/** Behaviour of a message's handler. */
export type Behaviour = (typeof behaviours)[number]

/** Schema of every message. */
export const payload = z.object({ n: z.int(), behaviour: z.enum(behaviours), padding: z.string() })

/** Returns the contracts of the client's queues: one with the defaults, a classic one, and one with a strict order. */
export function contractsOf({
  consumerTimeoutMs,
  sharesLetters,
}: Pick<ClientSettings, 'consumerTimeoutMs' | 'sharesLetters'>) {
  const letters = sharesLetters === true ? { deadLetter: { queue: SHARED_LETTERS } } : {}
  return {
    work: workQueue('work', {
      payload,
      retry: { delaysMs: [50, 200] },
      queue: patience(consumerTimeoutMs),
      ...letters,
    }),
    plain: workQueue('plain', { payload, retry: { delaysMs: [50] }, queue: { type: 'classic' }, ...letters }),
    ordered: workQueue('ordered', { payload, retry: false, queue: { singleActive: true } }),
  }
}

/**
 * Returns the queue options for a consumer timeout. One below a minute is declared with arguments, as another program
 * might.
 */
function patience(consumerTimeoutMs: number | undefined) {
  if (consumerTimeoutMs === undefined) return {}
  if (consumerTimeoutMs >= SHORTEST_TIMEOUT_MS) return { consumerTimeoutMs }
  return { arguments: { 'x-queue-type': 'quorum', 'x-consumer-timeout': consumerTimeoutMs } }
}

/** Returns the behaviour for message `n`: most succeed, one in seven needs a second attempt, and some fail for good. */
export function behaviourOf(n: number): Behaviour {
  if (n % 50 === 25) return 'fails'
  if (n % 31 === 5) return 'rejects'
  return n % 7 === 3 ? 'fails-once' : 'succeeds'
}
