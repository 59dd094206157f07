import { quoted } from '../../../terminal/style.js'
import type { Check } from '../../check.js'
import { isDeadLetterQueue, sourcesOf } from '../../queue-parts.js'
import type { Snapshot } from '../../snapshot.js'

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
            : `; the first died at ${oldest.deadLetteredAt.toISOString()} (${oldest.reason})`
        return {
          severity: age !== undefined && age > OLD_MS ? 'error' : 'warning',
          subject: name,
          evidence: `${messages} dead ${messages === 1 ? 'letter' : 'letters'}${since}`,
          wayOut: `${showCommand(name, snapshot)}, then replay, move or discard them`,
        }
      }),
}

/** Returns the command that shows the letters of a queue, as it is typed into a shell. */
function showCommand(name: string, snapshot: Snapshot): string {
  const [source] = sourcesOf(name, snapshot)
  const of = name.endsWith('.dead-letter') || source === undefined ? '' : ` --of ${quoted(source)}`
  return `leveret letters show ${quoted(name)}${of}`
}
