import { type TlsListener, tlsConfig } from './tls.js'

/** Options that decide the text of a node's `rabbitmq.conf`. */
export interface BrokerConfig {
  readonly version: string
  /** Ports to listen on. @defaultValue RabbitMQ's own, on every interface, as a container needs it */
  readonly listen?: { readonly amqpPort: number; readonly managementPort: number } | undefined
  /** Listener for TLS. @defaultValue none */
  readonly tls?: TlsListener | undefined
  /** Names of the cluster's nodes; one or none means no cluster. */
  readonly cluster: readonly string[]
  /** Further lines. They come last, so they take precedence. */
  readonly more: readonly string[]
}

/** Writes a node's `rabbitmq.conf`. */
export function brokerConfig(config: BrokerConfig): string {
  const lines = [
    'loopback_users.guest = false',
    'log.console = true',
    'log.file = false',
    // The management API's numbers are then at most a second old, not five.
    'collect_statistics_interval = 250',
    'management.sample_retention_policies.global.minute = 1',
    'management.sample_retention_policies.basic.minute = 1',
    'management.sample_retention_policies.detailed.10 = 1',
    ...listeners(config.listen),
    ...(config.tls === undefined ? [] : tlsConfig(config.tls)),
    ...deprecatedFeatures(config.version),
    ...peers(config.cluster),
    ...config.more,
  ]
  return `${lines.join('\n')}\n`
}

/** Writes a node's `enabled_plugins`, an Erlang term. */
export function enabledPlugins(plugins: readonly string[]): string {
  return `[${[...new Set(['rabbitmq_management', ...plugins])].join(',')}].\n`
}

/** Options of the Erlang VM: small, without busy waiting, and with quorum queue counts that follow quickly. */
export function erlangArguments(more: readonly string[] = []): string {
  const ours = ['+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none', '-rabbit quorum_tick_interval 500']
  return [...ours, ...more].join(' ')
}

/** Whether a version such as `4.3.6` is at least `major.minor`. */
export function isAtLeast(version: string, major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = version.split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

/** Whether a version such as `4.3.6` is what `'4'`, `'4.3'` or `'4.3.6'` asks for. */
export function isVersion(version: string, wanted: string): boolean {
  return version === wanted || version.startsWith(`${wanted}.`)
}

function listeners(listen: BrokerConfig['listen']): string[] {
  if (listen === undefined) return []
  return [
    `listeners.tcp.default = 127.0.0.1:${listen.amqpPort}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${listen.managementPort}`,
  ]
}

/**
 * Returns the setting that refuses a deprecated feature, which some distributions permit. Versions before 3.13 do not
 * know the key, and would not start with it.
 */
function deprecatedFeatures(version: string): string[] {
  return isAtLeast(version, 3, 13) ? ['deprecated_features.permit.transient_nonexcl_queues = false'] : []
}

function peers(cluster: readonly string[]): string[] {
  if (cluster.length < 2) return []
  return [
    'cluster_formation.peer_discovery_backend = classic_config',
    ...cluster.map((name, index) => `cluster_formation.classic_config.nodes.${index + 1} = ${name}`),
  ]
}
