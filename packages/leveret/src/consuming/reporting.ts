import { describeFailure } from '../errors/failure.js'
import type { RoleEvents, ToldDelivery } from './delivery/role-events.js'
import type { Settlement } from './delivery/settlement.js'
import type { WorkerEvents } from './delivery/worker-events.js'
import type { HandlingHooks } from './handling.js'

/** Tells of deliveries as events. */
export function reporting(events: RoleEvents<WorkerEvents>): Omit<HandlingHooks, 'givenUp' | 'endedAtLast'> {
  return {
    settled: (delivery, settlement) => reportSettlement(events, delivery, settlement),
    late: (delivery, failed) => {
      const failure = failed === undefined ? undefined : describeFailure(failed.thrown)
      events.tellOf('handler.late', delivery, failure === undefined ? {} : { failure })
    },
    settledTwice: (delivery) => events.tellOf('delivery.settled-twice', delivery, {}),
    notRemembered: (delivery, error) => events.tellOf('delivery.not-remembered', delivery, { error }),
  }
}

/** What it says of whether handlers succeed; `undefined` when nothing. @param countsInvalid - whether that fails what cannot be read */
export function successOf(settlement: Settlement, countsInvalid: boolean): boolean | undefined {
  if (settlement.did === 'acked') return true
  if (settlement.did === 'retried') return false
  if (settlement.did !== 'dead-lettered' && settlement.did !== 'dropped') return undefined
  const { reason } = settlement
  if (reason === 'rejected') return undefined
  return countsInvalid || (reason !== 'invalid-payload' && reason !== 'unknown-message') ? false : undefined
}

function reportSettlement(events: RoleEvents<WorkerEvents>, delivery: ToldDelivery, settlement: Settlement): void {
  const { did, ...more } = settlement
  // A settlement carries just what the event of its name does.
  events.tellOf(`delivery.${did}`, delivery, more as never)
}
