import { describeFailure } from '../errors/failure.js'
import type { ReportedDelivery, RoleEvents } from './delivery/role-events.js'
import type { Settlement } from './delivery/settlement.js'
import type { WorkerEvents } from './delivery/worker-events.js'
import type { HandlingHooks } from './handling.js'

/** Makes the callbacks that report on deliveries as events. */
export function reporting(
  events: RoleEvents<WorkerEvents>,
): Omit<HandlingHooks, 'settled' | 'givenUp' | 'endedAtLast'> {
  return {
    late: (delivery, failed) => {
      const failure = failed === undefined ? undefined : describeFailure(failed.thrown)
      events.reportDelivery('handler.late', delivery, failure === undefined ? {} : { failure })
    },
    settledTwice: (delivery) => events.reportDelivery('delivery.settled-twice', delivery, {}),
    notRemembered: (delivery, error) => events.reportDelivery('delivery.not-remembered', delivery, { error }),
  }
}

/** Reports a settlement as the event of its name. */
export function reportSettlement(
  events: RoleEvents<WorkerEvents>,
  delivery: ReportedDelivery,
  { did, ...more }: Settlement,
): void {
  // The fields of a settlement are those of the event with its name.
  events.reportDelivery(`delivery.${did}`, delivery, more as never)
}

/**
 * Whether a settlement shows that handlers succeed or fail; `undefined` when it shows neither.
 * @param countsInvalid - whether a delivery that cannot be read counts as failed
 */
export function successOf(settlement: Settlement, countsInvalid: boolean): boolean | undefined {
  if (settlement.did === 'acked') return true
  if (settlement.did === 'retried') return false
  if (settlement.did !== 'dead-lettered' && settlement.did !== 'dropped') return undefined
  const { reason } = settlement
  if (reason === 'rejected') return undefined
  return countsInvalid || (reason !== 'invalid-payload' && reason !== 'unknown-message') ? false : undefined
}
