import { DeadLetters, type LetterContract } from 'leveret'
import type { Session } from '../broker/session.js'
import { letterQueueOf } from '../letters/source.js'
import { isDeadLetterQueue } from './queue-parts.js'
import type { Snapshot } from './snapshot.js'

/** Looking takes a letter out of its queue for a moment, so not all of many are looked into. */
const MOST_QUEUES = 20

/** Looks at the first letter of dead-letter queues. `peek` renews it where looking wears it out. */
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
    // One that may not be read has no age here.
    const [first] = await letters.peek({ limit: 1 }).catch(() => [])
    if (first !== undefined) found.set(name, { deadLetteredAt: first.deadLetteredAt, reason: first.reason })
  }
  return found
}
