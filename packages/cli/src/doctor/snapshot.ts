import type {
  Binding,
  ClientChannel,
  ClientConnection,
  ClusterNode,
  Consumer,
  DeprecatedFeature,
  Exchange,
  FeatureFlag,
  Overview,
  Permissions,
  Queue,
  StoredPolicy,
} from '@leveret/management'
import type { Application, Declaration } from 'leveret'

/**
 * The state of a broker at one moment. A part that could not be seen is `undefined`, and checks that need it find
 * nothing.
 */
export interface Snapshot {
  readonly vhost: string
  readonly user: string
  readonly overview: Overview | undefined
  readonly nodes: readonly ClusterNode[] | undefined
  readonly featureFlags: readonly FeatureFlag[] | undefined
  readonly deprecated: readonly DeprecatedFeature[] | undefined
  readonly queues: readonly Queue[]
  readonly exchanges: readonly Exchange[]
  readonly bindings: readonly Binding[]
  readonly policies: readonly StoredPolicy[]
  readonly operatorPolicies: readonly StoredPolicy[]
  readonly connections: readonly ClientConnection[]
  readonly channels: readonly ClientChannel[]
  readonly consumers: readonly Consumer[]
  readonly permissions: Permissions | undefined
  /** The broker's clock minus the clock of this machine, in milliseconds, to the second. */
  readonly clockAheadMs: number | undefined
  /** The expiry of the broker's certificate. */
  readonly certificateEnds: Date | undefined
  /** The first letter of dead-letter queues that were looked into, by queue. */
  readonly oldestLetters: ReadonlyMap<string, { readonly deadLetteredAt: Date | undefined; readonly reason: string }>
  readonly applications: readonly Application[]
  readonly declarations: readonly Declaration[]
  readonly self: Self
  /** The parts that could not be seen, in sentences. */
  readonly unseen: readonly string[]
}

/** The process itself, and the folder that it was started in. */
export interface Self {
  /** The version of Node.js, such as `20.20.2`. */
  readonly nodeVersion: string
  /** Names of packages that the folder's package can load. */
  readonly packages: readonly string[]
}

/** Returns the settings of a queue from its arguments and from the policies that match it. */
export function settingsOf(
  { name, arguments: args, policy }: Queue,
  { policies, operatorPolicies }: Snapshot,
): Readonly<Record<string, unknown>> {
  const own = policies.find((one) => one.name === policy)
  const operators = operatorPolicies.filter(({ pattern }) => matches(pattern, name))
  const fromArguments = Object.entries(args).map(([key, value]) => [key.replace(/^x-/, ''), value])
  return {
    ...own?.definition,
    ...Object.assign({}, ...operators.map(({ definition }) => definition)),
    ...Object.fromEntries(fromArguments),
  }
}

function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern).test(name)
  } catch {
    return false
  }
}
