import { createRequire } from 'node:module'
import { join } from 'node:path'
import { ManagementError } from '@leveret/management'
import { type Application, declarationsOf } from 'leveret'
import type { Session } from '../broker/session.js'
import { certificateEnd } from './certificate-end.js'
import { oldestLetters } from './oldest-letters.js'
import type { Self, Snapshot } from './snapshot.js'

/** Options of {@link lookAround}. */
export interface LookOptions {
  readonly applications: readonly Application[]
  readonly folder: string
  /** Whether to look at the first letter of dead-letter queues. */
  readonly looksAtLetters: boolean
}

/**
 * Takes a snapshot of a broker. Parts that this user may not see are only listed.
 *
 * @throws {@link ManagementError} if the management API does not answer, or shows this user nothing
 */
export async function lookAround(
  session: Session,
  { applications, folder, looksAtLetters }: LookOptions,
): Promise<Snapshot> {
  const { management, vhost, target } = session
  const unseen: string[] = []
  const maybe = async <T>(what: string, asking: Promise<T>): Promise<T | undefined> =>
    await asking.catch((error: unknown) => {
      if (!(error instanceof ManagementError)) throw error
      unseen.push(`${what}: the management API answered ${error.status}`)
      return undefined
    })
  // A user who may use the API at all may make these requests. Without the queues nearly all checks would be blind.
  await management.whoami()
  const queues = await management.queues(vhost)
  const [broker, things, clients] = await Promise.all([
    brokerParts(session, maybe),
    vhostParts(session, maybe),
    clientParts(session, maybe),
  ])
  const seen: Snapshot = {
    vhost,
    user: target.username,
    ...broker,
    queues,
    ...things,
    ...clients,
    certificateEnds: target.isTls ? await certificateEnd(target) : undefined,
    oldestLetters: new Map(),
    applications,
    declarations: declarationsOf(applications),
    self: selfIn(folder),
    unseen,
  }
  return looksAtLetters ? { ...seen, oldestLetters: await oldestLetters(session, seen) } : seen
}

type Maybe = <T>(what: string, asking: Promise<T>) => Promise<T | undefined>

async function brokerParts({ management, vhost, target }: Session, maybe: Maybe) {
  const [overview, nodes, featureFlags, deprecated, permissions, clockAheadMs] = await Promise.all([
    maybe('overview', management.overview()),
    maybe('nodes', management.nodes()),
    maybe('feature flags', management.featureFlags()),
    maybe('deprecated features', management.deprecatedFeaturesUsed()),
    maybe('rights', management.permissionsOf(vhost, target.username)),
    maybe('clock', clockAhead(management)),
  ])
  return { overview, nodes, featureFlags, deprecated, permissions, clockAheadMs }
}

/**
 * Returns how far the broker's clock is ahead. Its time lies between request and answer, and has whole seconds only.
 */
async function clockAhead(management: Session['management']): Promise<number | undefined> {
  const before = Date.now()
  const told = await management.clock()
  const middle = (before + Date.now()) / 2
  return told === undefined ? undefined : told.getTime() + 500 - middle
}

async function vhostParts({ management, vhost }: Session, maybe: Maybe) {
  const [exchanges = [], bindings = [], policies = [], operatorPolicies = []] = await Promise.all([
    maybe('exchanges', management.exchanges(vhost)),
    maybe('bindings', management.bindings(vhost)),
    maybe('policies', management.policies(vhost)),
    maybe('operator policies', management.operatorPolicies(vhost)),
  ])
  return { exchanges, bindings, policies, operatorPolicies }
}

async function clientParts({ management, vhost }: Session, maybe: Maybe) {
  const [connections = [], channels = [], consumers = []] = await Promise.all([
    maybe('connections', management.connections(vhost)),
    maybe('channels', management.channels(vhost)),
    maybe('consumers', management.consumers(vhost)),
  ])
  return { connections, channels, consumers }
}

/** Packages that the checks look for. */
const ASKED = ['@opentelemetry/instrumentation-amqplib', '@leveret/opentelemetry']

function selfIn(folder: string): Self {
  const { resolve } = createRequire(join(folder, 'package.json'))
  const isThere = (name: string): boolean => {
    try {
      resolve(name)
      return true
    } catch {
      return false
    }
  }
  return { nodeVersion: process.versions.node, packages: ASKED.filter(isThere) }
}
