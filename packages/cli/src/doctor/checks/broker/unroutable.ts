import type { Check } from '../../check.js'

/** Finds messages that no queue took and that were dropped silently. */
export const unroutable: Check = {
  name: 'unroutable',
  ask: ({ channels }) =>
    channels.flatMap(
      ({ name, user, message_stats: { return_unroutable: returned = 0, drop_unroutable: dropped = 0 } = {} }) => {
        if (returned + dropped === 0) return []
        return [
          {
            severity: dropped > 0 ? ('error' as const) : ('warning' as const),
            subject: name,
            evidence: `no queue took ${returned + dropped} messages of '${user}': ${dropped} dropped, ${returned} returned to the sender`,
            wayOut:
              'bind a queue for their routing keys, publish with mandatory, or give the exchange an alternate exchange',
          },
        ]
      },
    ),
}
