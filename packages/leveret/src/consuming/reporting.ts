import { describeFailure } from '../errors/failure.js'
import type { RoleEvents } from './delivery/role-events.js'
import type { Settlement } from './delivery/settlement.js'
import type { WorkerEvents } from './delivery/worker-events.js'
import type { HandlingHooks } from './handling.js'

/** Makes the callbacks that report on deliveries as events. */
export function reporting(events: RoleEvents<WorkerEvents>): Omit<HandlingHooks, 'givenUp' | 'endedAtLast'> {
  return {
    settled: (delivery, settlement) => {
      const name = `delivery.${settlement.did}` as const
      if (!events.has(name)) return
      const { did: _did, ...more } = settlement
      // The fields of a settlement are those of the event with its name.
      events.reportDelivery(name, delivery, more as never)
    },
    late: (delivery, failed) => {
      const failure = failed === undefined ? undefined : describeFailure(failed.thrown)
      events.reportDelivery('handler.late', delivery, failure === undefined ? {} : { failure })
    },
    settledTwice: (delivery) => events.reportDelivery('delivery.settled-twice', delivery, {}),
    notRemembered: (delivery, error) => events.reportDelivery('delivery.not-remembered', delivery, { error }),
  }
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
