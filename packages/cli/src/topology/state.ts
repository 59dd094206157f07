import type {
  Binding,
  DefinedExchange,
  DefinedQueue,
  Definitions,
  ManagementReader,
  StoredPolicy,
} from '@leveret/management'

/** The state of a broker, as far as it could be seen. */
export interface BrokerState {
  readonly queues: ReadonlyMap<string, ExistingQueue>
  readonly exchanges: ReadonlyMap<string, DefinedExchange | 'there'>
  /** The bindings; `undefined` if they could not be seen. */
  readonly bindings: readonly Binding[] | undefined
  readonly policies: readonly Pick<StoredPolicy, 'name' | 'pattern' | 'definition'>[] | undefined
  /** The parts that could not be seen, in sentences. */
  readonly unseen: readonly string[]
}

/** An existing queue. `there` means that its declaration could not be seen. */
export type ExistingQueue = (DefinedQueue & { readonly type?: string; readonly messages?: number }) | 'there'

/** Reads the state from the management API. */
export async function stateFromManagement(management: ManagementReader, vhost: string): Promise<BrokerState> {
  const [queues, exchanges, bindings, policies] = await Promise.all([
    allQueues(management, vhost),
    management.exchanges(vhost),
    management.bindings(vhost),
    management.policies(vhost),
  ])
  return { queues: byName(queues), exchanges: byName(exchanges), bindings, policies, unseen: [] }
}

async function allQueues(management: ManagementReader, vhost: string): Promise<ExistingQueue[]> {
  const all: ExistingQueue[] = []
  for await (const page of management.queuePages(vhost, { pageSize: 500 })) all.push(...page)
  return all
}

/** Reads a file of definitions: of one vhost, or of a whole broker. */
export function stateFromDefinitions(
  { queues = [], exchanges = [], bindings = [], policies = [] }: Definitions,
  vhost: string,
): BrokerState {
  const isHere = (one: { readonly vhost?: string }): boolean => one.vhost === undefined || one.vhost === vhost
  return {
    queues: byName<ExistingQueue>(queues.filter(isHere)),
    exchanges: byName(exchanges.filter(isHere)),
    bindings: bindings.filter(isHere),
    policies: policies.filter(isHere),
    unseen: [],
  }
}

function byName<T extends { readonly name: string } | 'there'>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item === 'there' ? '' : item.name, item]))
}
