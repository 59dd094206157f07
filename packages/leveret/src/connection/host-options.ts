import { type BrokerAddress, parseEndpoint } from '../amqp/endpoint.js'
import { OptionsError } from '../errors/options-error.js'
import type { ConnectSettings } from './connect-options.js'
import { loginSource } from './lanes/credentials.js'
import type { HostsOptions } from './lanes/hosts.js'

/** Says which brokers to connect to, and how. @throws {@link OptionsError} a URL is wrong, or there is none */
export function hostsOf(
  target: string | BrokerAddress | readonly (string | BrokerAddress)[],
  settings: ConnectSettings,
): Omit<HostsOptions, 'name' | 'tracers'> {
  const targets = [target].flat() as (string | BrokerAddress)[]
  if (targets.length === 0) throw new OptionsError('connect: the list of brokers is empty')
  const { credentials, connectTimeoutMs, heartbeatMs, tls } = settings
  return {
    endpoints: targets.map(parseEndpoint),
    login: loginSource(credentials, connectTimeoutMs),
    heartbeatSeconds: heartbeatMs / 1_000,
    connectTimeoutMs,
    tls: { ...tls, minVersion: tls.minVersion ?? 'TLSv1.2' },
  }
}
