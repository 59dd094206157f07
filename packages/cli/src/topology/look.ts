import { ManagementError } from '@leveret/management'
import { type Application, type Declaration, declarationsOf, policyOf, type QueuePolicy } from 'leveret'
import type { Session } from '../broker/session.js'
import { allContracts } from '../config/contracts.js'
import { stateFromPassiveDeclares } from './passive.js'
import { type Plan, planOf } from './plan.js'
import { type BrokerState, stateFromManagement } from './state.js'

/** Compares applications with a broker, through its management API, or through passive declarations if that refuses. */
export async function lookAt(session: Session, applications: readonly Application[]): Promise<Plan> {
  const declarations = declarationsOf(applications)
  return planOf(declarations, policiesOf(applications), await stateOf(session, declarations))
}

/** Returns the policies that queues with `settings: 'policy'` need. */
export function policiesOf(applications: readonly Application[]): readonly QueuePolicy[] {
  return allContracts(applications).flatMap((contract) => {
    const isQueue = contract.kind === 'work-queue' || contract.kind === 'subscription'
    return isQueue && contract.queue.settings === 'policy' ? [policyOf(contract)] : []
  })
}

async function stateOf(session: Session, declarations: readonly Declaration[]): Promise<BrokerState> {
  try {
    return await stateFromManagement(session.management, session.vhost)
  } catch (error) {
    if (!(error instanceof ManagementError)) throw error
    const why = error.status === 0 ? 'it does not answer' : `it answered ${error.status}`
    return await stateFromPassiveDeclares(await session.connect(), declarations, why)
  }
}
