import type { Check } from '../../check.js'
import { isDeadLetterQueue } from '../../queue-parts.js'

const OLD_MS = 24 * 60 * 60 * 1_000

/** Finds dead letters that need attention. */
export const deadLetters: Check = {
  name: 'dead-letters',
  ask: (snapshot) =>
    snapshot.queues
      .filter((queue) => isDeadLetterQueue(queue, snapshot) && (queue.messages ?? 0) > 0)
      .map(({ name, messages = 0 }) => {
        const oldest = snapshot.oldestLetters.get(name)
        const age = oldest?.deadLetteredAt === undefined ? undefined : Date.now() - oldest.deadLetteredAt.getTime()
        const since =
          oldest?.deadLetteredAt === undefined
            ? ''
            : `, the first since ${oldest.deadLetteredAt.toISOString()} (${oldest.reason})`
        return {
          severity: age !== undefined && age > OLD_MS ? 'error' : 'warning',
          subject: name,
          evidence: `${messages} dead ${messages === 1 ? 'letter' : 'letters'}${since}`,
          wayOut: `leveret letters show ${name}; then replay, move or discard them`,
        }
      }),
}
