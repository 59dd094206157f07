import type { CommandMaker } from './command.js'

/** A command that is loaded only when it is named, so that help and usage errors appear at once. */
export interface CatalogEntry {
  readonly usage: string
  /** The first sentence of the command's description. */
  readonly summary: string
  load(): Promise<CommandMaker>
}

/** All commands, in the order of the help. */
export const CATALOG: readonly CatalogEntry[] = [
  {
    usage: 'doctor',
    summary: 'Checks a broker and its clients, and says of each problem what it saw and what to do.',
    load: async () => (await import('../commands/doctor.js')).doctorCommand,
  },
  {
    usage: 'list <kind>',
    summary: 'Lists queues, exchanges, bindings, connections, channels or consumers.',
    load: async () => (await import('../commands/list.js')).listCommand,
  },
  {
    usage: 'letters',
    summary: 'Counts, shows, replays, moves, discards and exports dead letters.',
    load: async () => (await import('../commands/letters.js')).lettersCommand,
  },
  {
    usage: 'tail <exchange> [binding-keys...]',
    summary: 'Shows the messages that are published to an exchange while it runs.',
    load: async () => (await import('../commands/tail.js')).tailCommand,
  },
  {
    usage: 'send <contract> [payload]',
    summary: 'Sends tasks to a work queue.',
    load: async () => (await import('../commands/send.js')).sendCommand,
  },
  {
    usage: 'publish <exchange> <routing-key> [payload]',
    summary: 'Publishes messages to an exchange.',
    load: async () => (await import('../commands/publish.js')).publishCommand,
  },
  {
    usage: 'call <procedure> [request]',
    summary: 'Calls a procedure and prints its response as JSON.',
    load: async () => (await import('../commands/call.js')).callCommand,
  },
  {
    usage: 'topology',
    summary: 'Compares what applications declare with what exists on the broker, and declares what is missing.',
    load: async () => (await import('../commands/topology.js')).topologyCommand,
  },
  {
    usage: 'contracts',
    summary: 'Writes contracts as documents, and compares them with an earlier version.',
    load: async () => (await import('../commands/contracts.js')).contractsCommand,
  },
  {
    usage: 'policy <contract>',
    summary: "Prints or sets the policy of a queue whose contract says settings: 'policy'.",
    load: async () => (await import('../commands/policy.js')).policyCommand,
  },
  {
    usage: 'broker',
    summary: 'Runs a broker in memory that behaves like RabbitMQ, until Ctrl-C.',
    load: async () => (await import('../commands/broker.js')).brokerCommand,
  },
]
