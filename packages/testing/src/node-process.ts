import type { CtlAddress } from './rabbitmq.js'

/** Where a node listens, as seen from this host. */
export interface NodePorts {
  readonly amqpPort: number
  readonly managementPort: number
  /** `undefined` when it does not listen with TLS. */
  readonly tlsPort: number | undefined
}

/** What a driver knows of one node; the rest (readiness, URLs, clusters) is the same for all drivers. */
export interface NodeProcess extends NodePorts {
  readonly name: string
  readonly host: string
  readonly ctl: CtlAddress
  /** Launches it, without waiting until it is ready. Does nothing when it runs. */
  launch(): Promise<void>
  stop(): Promise<void>
  kill(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  /** Whether it is running at all; a node that ended by itself will not become ready. */
  isRunning(): Promise<boolean>
  log(): Promise<string>
}

/** The nodes of one broker and what they share. */
export interface NodeGroup {
  readonly driver: 'container' | 'local'
  readonly nodes: readonly NodeProcess[]
  /** Ends and deletes everything. Safe to call twice. */
  remove(): Promise<void>
}
