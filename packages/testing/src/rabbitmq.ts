import type { Management } from '@leveret/management'
import type { BrokerCertificates } from './tls.js'

/** How a broker came to be: in a container, as a private local node, in the memory of a process, or started by somebody else. */
export type Driver = 'container' | 'local' | 'memory' | 'attached'

/** What {@link startRabbitMQ} is to start. */
export interface StartOptions {
  /**
   * The version wanted, as far as it matters: `'4'`, `'4.3'` or `'4.3.6'`. Default: in a container
   * `LEVERET_RABBITMQ_VERSION` if set, else `'4'`; for a local node whatever is installed. A local node cannot choose,
   * and refuses to be a version it is not.
   */
  readonly version?: string | undefined
  /** How many nodes form the cluster. Default: 1 */
  readonly nodes?: number | undefined
  /** Plugins to enable besides `rabbitmq_management`. */
  readonly plugins?: readonly string[] | undefined
  /** With these the broker listens with TLS as well; clients may show a certificate, but need not. */
  readonly tls?: BrokerCertificates | undefined
  /** More lines of `rabbitmq.conf`; they win over ours. */
  readonly config?: readonly string[] | undefined
  /** More arguments of the Erlang VM, such as `-rabbit channel_tick_interval 1000`, for what `rabbitmq.conf` does not know. */
  readonly erlangArguments?: readonly string[] | undefined
  /**
   * `'memory'` is no real RabbitMQ: a broker in this process that behaves like one. Default: `LEVERET_BROKER` if set; else a
   * container if a Docker engine answers; else a local node.
   */
  readonly driver?: 'container' | 'local' | 'memory' | undefined
}

/** What can be done to one node, and to a whole broker. */
export interface NodeControls {
  /** Starts it again after `stop` or `kill`, on the same ports with the same data; resolves when it is ready. */
  start(): Promise<void>
  /** Shuts it down in order. Durable queues and their persistent messages stay. */
  stop(): Promise<void>
  /** Ends it with SIGKILL: no goodbye to clients, no flush to disk. */
  kill(): Promise<void>
  /** `stop`, then `start`. */
  restart(): Promise<void>
  /** Freezes it: connections stay open and nothing answers. */
  pause(): Promise<void>
  /** Undoes `pause`. */
  resume(): Promise<void>
  /**
   * Runs `rabbitmqctl` against it.
   *
   * @returns what the command printed on standard output
   * @throws Error when the command fails, with what it printed
   */
  ctl(...args: string[]): Promise<string>
  /** What the broker has logged so far. */
  log(): Promise<string>
}

/** One node of a broker. */
export interface RabbitMQNode extends NodeControls {
  /** The Erlang node name, as `rabbitmqctl` and the management API say it. */
  readonly name: string
  /** Where it takes AMQP connections, as guest, in the vhost `/`. */
  readonly url: string
  /** The same with TLS, as `amqps:`; `undefined` when it was started without {@link StartOptions.tls}. */
  readonly tlsUrl: string | undefined
  readonly managementUrl: string
}

/** A real RabbitMQ. Controls act on all its nodes, except `ctl` and `log`, which take the first. */
export interface RabbitMQ extends NodeControls, AsyncDisposable {
  readonly driver: Driver
  /** The version the broker itself reports, such as `4.3.6`. */
  readonly version: string
  /** The first node's URL. It stays the same over `stop`, `kill` and `start`. */
  readonly url: string
  /** The first node's URL with TLS, as lasting as `url`; `undefined` when it was started without certificates. */
  readonly tlsUrl: string | undefined
  /** One URL for each node. */
  readonly urls: readonly string[]
  readonly managementUrl: string
  /** A small client of the management API; with several nodes it asks the first one that answers. */
  readonly management: Management
  readonly nodes: readonly RabbitMQNode[]
  /** Where it can be reached, as plain data for another process. See {@link attachRabbitMQ}. */
  readonly address: BrokerAddress
  /** Ends it and deletes all it wrote. Safe to call twice; leaves a broker alone that was only attached to. */
  remove(): Promise<void>
}

/** What another process needs to know to use a broker. */
export interface BrokerAddress {
  readonly url: string
  readonly tlsUrl?: string | undefined
  /** Default: port 15672 of the same host, with the same credentials */
  readonly managementUrl?: string | undefined
  /** Default: `'attached'` */
  readonly driver?: Driver | undefined
  /** How to run `rabbitmqctl` against it, when we can. */
  readonly ctl?: CtlAddress | undefined
}

/** Where `rabbitmqctl` runs: inside a container, or as a program with the node's environment. */
export type CtlAddress =
  | { readonly container: string; readonly cookie: string }
  | { readonly program: string; readonly env: Readonly<Record<string, string>> }
