import type { Delivery } from '../connection/delivery.js'
import type { Events } from '../events.js'
import type { HandlingHooks } from './handling.js'
import type { Settlement } from './settlement.js'
import { describeFailure } from './verdict.js'
import type { DeliveryEvent, WorkerEvents } from './worker-events.js'

/** Tells of deliveries as events. */
export function reporting(events: Events<WorkerEvents>): Omit<HandlingHooks, 'givenUp' | 'endedAtLast'> {
  return {
    settled: (delivery, settlement) => reportSettlement(events, describe(delivery), settlement),
    late: (delivery, failed) => {
      const failure = failed === undefined ? undefined : describeFailure(failed.thrown)
      events.emit('handler.late', { ...describe(delivery), ...(failure && { failure }) })
    },
    settledTwice: (delivery) => events.emit('delivery.settled-twice', describe(delivery)),
    notRemembered: (delivery, error) => events.emit('delivery.not-remembered', { ...describe(delivery), error }),
  }
}

/** What it says of whether handlers succeed; `undefined` when nothing. */
export function successOf(settlement: Settlement): boolean | undefined {
  if (settlement.did === 'acked') return true
  if (settlement.did === 'retried') return false
  if (settlement.did !== 'dead-lettered' && settlement.did !== 'dropped') return undefined
  return settlement.reason === 'attempts-exhausted' || settlement.reason === 'retry-impossible' ? false : undefined
}

function reportSettlement(events: Events<WorkerEvents>, event: DeliveryEvent, settlement: Settlement): void {
  const { did, ...more } = settlement
  // A settlement carries just what the event of its name does.
  events.emit(`delivery.${did}`, { ...event, ...more } as never)
}

/** A delivery as its events tell it. */
export function describe({ messageId, attempt, offset }: Delivery): DeliveryEvent {
  return offset === undefined ? { messageId, attempt } : { messageId, attempt, offset }
}
