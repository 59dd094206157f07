import { workQueue } from 'leveret'
import { z } from 'zod'
import type { ClientSettings } from './settings.js'

/** The shortest consumer timeout that a contract of leveret's own takes. */
const SHORTEST_TIMEOUT_MS = 60_000
/** Where the letters of two contracts are, when they share them. */
const SHARED_LETTERS = 'shared.dead-letter'

/** How the handler of a message behaves. */
const behaviours = ['succeeds', 'fails-once', 'fails', 'rejects', 'hangs'] as const

/** How the handler of a message behaves. */
export type Behaviour = (typeof behaviours)[number]

/** What every message holds. */
export const payload = z.object({ n: z.int(), behaviour: z.enum(behaviours), padding: z.string() })

/** The contracts of the client's queues: the default one, a classic one, and one whose order is strict. */
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

/** One below a minute is declared as another program might have. */
function patience(consumerTimeoutMs: number | undefined) {
  if (consumerTimeoutMs === undefined) return {}
  if (consumerTimeoutMs >= SHORTEST_TIMEOUT_MS) return { consumerTimeoutMs }
  return { arguments: { 'x-queue-type': 'quorum', 'x-consumer-timeout': consumerTimeoutMs } }
}

/** Mostly well; one in seven needs a second attempt, and some are given up. */
export function behaviourOf(n: number): Behaviour {
  if (n % 50 === 25) return 'fails'
  if (n % 31 === 5) return 'rejects'
  return n % 7 === 3 ? 'fails-once' : 'succeeds'
}
