import type { CtlAddress } from './rabbitmq.js'

/** Ports of a node, as seen from this host. */
export interface NodePorts {
  readonly amqpPort: number
  readonly managementPort: number
  /** Port for TLS; `undefined` if the node does not listen with TLS. */
  readonly tlsPort: number | undefined
}

/** The part of a node that depends on its driver. Readiness, URLs and clusters are the same for all drivers. */
export interface NodeProcess extends NodePorts {
  readonly name: string
  readonly host: string
  readonly ctl: CtlAddress
  /** Launches the node, without waiting until it is ready. Does nothing if it runs. */
  launch(): Promise<void>
  stop(): Promise<void>
  kill(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  /** Whether the node is running at all. A node that ended by itself will not become ready. */
  isRunning(): Promise<boolean>
  log(): Promise<string>
}

/** The nodes of one broker, with what they share. */
export interface NodeGroup {
  readonly driver: 'container' | 'local'
  readonly nodes: readonly NodeProcess[]
  /** Ends and deletes everything. Safe to call twice. */
  remove(): Promise<void>
}
