import type { CtlAddress } from './rabbitmq.js'

/** What a driver knows of one node; the rest (readiness, URLs, clusters) is the same for all drivers. */
export interface NodeProcess {
  readonly name: string
  readonly host: string
  readonly amqpPort: number
  readonly managementPort: number
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
