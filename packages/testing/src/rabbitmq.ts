import type { Management } from '@leveret/management'
import type { BrokerCertificates } from './tls.js'

/**
 * Origin of a broker: in a container, as a private local node, in the memory of a process, or started by another
 * program.
 */
export type Driver = 'container' | 'local' | 'memory' | 'attached'

/** Options of {@link startRabbitMQ}. */
export interface StartOptions {
  /**
   * The wanted version, as precise as needed: `'4'`, `'4.3'` or `'4.3.6'`. A local node has only the installed version,
   * and the start fails if that is another one.
   * @defaultValue in a container `LEVERET_RABBITMQ_VERSION` if set, else `'4'`; for a local node the installed version
   */
  readonly version?: string | undefined
  /** How many nodes form the cluster. @defaultValue 1 */
  readonly nodes?: number | undefined
  /** Plugins to enable besides `rabbitmq_management`. */
  readonly plugins?: readonly string[] | undefined
  /** Certificates. With them the broker also listens with TLS; clients may present a certificate, but need not. */
  readonly tls?: BrokerCertificates | undefined
  /** Further lines of `rabbitmq.conf`; they take precedence over those of this package. */
  readonly config?: readonly string[] | undefined
  /**
   * Further arguments of the Erlang VM, such as `-rabbit channel_tick_interval 1000`, for settings that `rabbitmq.conf`
   * lacks.
   */
  readonly erlangArguments?: readonly string[] | undefined
  /**
   * Driver that starts the broker. `'memory'` is not a real RabbitMQ, but a broker in this process that behaves like
   * one.
   * @defaultValue `LEVERET_BROKER` if set; else a container if a Docker engine answers; else a local node
   */
  readonly driver?: 'container' | 'local' | 'memory' | undefined
}

/** Controls of one node, and of a whole broker. */
export interface NodeControls {
  /** Starts it again after `stop` or `kill`, on the same ports with the same data; resolves when it is ready. */
  start(): Promise<void>
  /** Shuts it down in order. Durable queues and their persistent messages stay. */
  stop(): Promise<void>
  /** Ends it with SIGKILL: connections are not closed in order, and nothing is flushed to disk. */
  kill(): Promise<void>
  /** Calls `stop`, then `start`. */
  restart(): Promise<void>
  /** Freezes it: connections stay open and nothing answers. */
  pause(): Promise<void>
  /** Undoes `pause`. */
  resume(): Promise<void>
  /**
   * Runs `rabbitmqctl` against it.
   *
   * @returns the standard output of the command
   * @throws Error with the command's output, if it fails
   */
  ctl(...args: string[]): Promise<string>
  /** Returns what the broker has logged so far. */
  log(): Promise<string>
}

/** One node of a broker. */
export interface RabbitMQNode extends NodeControls {
  /** Name of the Erlang node, as in `rabbitmqctl` and the management API. */
  readonly name: string
  /** URL for AMQP, as guest, in the vhost `/`. */
  readonly url: string
  /** URL for AMQP with TLS, as `amqps:`; `undefined` if it was started without {@link StartOptions.tls}. */
  readonly tlsUrl: string | undefined
  readonly managementUrl: string
}

/** A real RabbitMQ. Controls act on all its nodes, except `ctl` and `log`, which use the first. */
export interface RabbitMQ extends NodeControls, AsyncDisposable {
  readonly driver: Driver
  /** Version that the broker itself reports, such as `4.3.6`. */
  readonly version: string
  /** URL of the first node. It stays the same over `stop`, `kill` and `start`. */
  readonly url: string
  /** URL of the first node with TLS, which also stays the same; `undefined` if it was started without certificates. */
  readonly tlsUrl: string | undefined
  /** URLs of all nodes. */
  readonly urls: readonly string[]
  readonly managementUrl: string
  /** Client of the management API; with several nodes it uses the first one that answers. */
  readonly management: Management
  readonly nodes: readonly RabbitMQNode[]
  /** Address of the broker, as plain data for another process. See {@link attachRabbitMQ}. */
  readonly address: BrokerAddress
  /** Ends it and deletes all it wrote. Safe to call twice. An attached broker stays as it is. */
  remove(): Promise<void>
}

/** Address of a broker, with all that another process needs to use it. */
export interface BrokerAddress {
  readonly url: string
  readonly tlsUrl?: string | undefined
  /** URL of the management API. @defaultValue port 15672 of the same host, with the same credentials */
  readonly managementUrl?: string | undefined
  /** Driver of the broker. @defaultValue 'attached' */
  readonly driver?: Driver | undefined
  /** Way to run `rabbitmqctl` against the broker, if there is one. */
  readonly ctl?: CtlAddress | undefined
}

/** Place where `rabbitmqctl` runs: inside a container, or as a program with the node's environment. */
export type CtlAddress =
  | { readonly container: string; readonly cookie: string }
  | { readonly program: string; readonly env: Readonly<Record<string, string>> }
