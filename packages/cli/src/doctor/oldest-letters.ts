import { DeadLetters, type LetterContract } from 'leveret'
import type { Session } from '../broker/session.js'
import { letterQueueOf } from '../letters/source.js'
import { isDeadLetterQueue } from './queue-parts.js'
import type { Snapshot } from './snapshot.js'

/** The most queues to look into, because each look takes a letter out of its queue for a moment. */
const MOST_QUEUES = 20

/** Reads the first letter of dead-letter queues. `peek` renews the letter if reading wears it out. */
export async function oldestLetters(session: Session, snapshot: Snapshot): Promise<Snapshot['oldestLetters']> {
  const found = new Map<string, { deadLetteredAt: Date | undefined; reason: string }>()
  const queues = snapshot.queues
    .filter((queue) => isDeadLetterQueue(queue, snapshot) && (queue.messages_ready ?? 0) > 0)
    .slice(0, MOST_QUEUES)
  if (queues.length === 0) return found
  const rabbit = await session.connect()
  for (const { name } of queues) {
    const { contract } = letterQueueOf([], name, name.endsWith('.dead-letter') ? undefined : `${name}.`)
    await using letters = new DeadLetters<LetterContract>(rabbit, contract)
    // A queue that this user may not read is left out.
    const [first] = await letters.peek({ limit: 1 }).catch(() => [])
    if (first !== undefined) found.set(name, { deadLetteredAt: first.deadLetteredAt, reason: first.reason })
  }
  return found
}
