import net from 'node:net'
import type { ConnectionOptions as TlsConnectionOptions } from 'node:tls'
import { z } from 'zod'
import { givenAs } from '../errors/given.js'
import { OptionsError } from '../errors/options-error.js'
import { shortString } from '../message/short-string.js'
import { parseOptions } from '../options.js'
import { Login } from './login.js'

/** Address of a broker, as fields. No field needs percent-encoding. */
export interface BrokerAddress {
  /** Protocol; `amqps` is TLS. @defaultValue `'amqp'` */
  readonly protocol?: 'amqp' | 'amqps' | undefined
  /** Host name, IPv4 or IPv6 address (without brackets). @defaultValue `'localhost'` */
  readonly host?: string | undefined
  /** @defaultValue 5672, and 5671 with `amqps` */
  readonly port?: number | undefined
  /** @defaultValue `'/'` */
  readonly vhost?: string | undefined
  /** @defaultValue `'guest'` */
  readonly username?: string | undefined
  /** @defaultValue `'guest'` */
  readonly password?: string | undefined
  /**
   * Host name for TLS: for SNI and for checking the certificate, if it differs from `host`.
   * @defaultValue that of the option `tls`, or `host`
   */
  readonly servername?: string | undefined
}

/** One address to connect to. It holds no secret outside `login`. */
export interface Endpoint {
  readonly protocol: 'amqp' | 'amqps'
  readonly host: string
  /** The resolved address of the host, if it has been resolved. */
  readonly address?: string
  readonly port: number
  readonly vhost: string
  readonly login: Login
  readonly servername?: string
  /** Heartbeat in seconds, if the URL has one. */
  readonly heartbeatSeconds?: number
}

/** The address of a broker, as it was given to `connect`. */
export interface ServerAddress {
  readonly address: string
  readonly port: number
}

const UNSET =
  'no broker was given. Check the environment variable that should hold its URL. Expected a URL such as amqp://user:password@host:5672/vhost, ' +
  'fields, or a list of them'
const SEVERAL = "the URL names several brokers: pass a list of URLs, ['amqp://one', 'amqp://two']"

const DEFAULT_PORT = { amqp: 5672, amqps: 5671 }

const address = z.strictObject({
  protocol: z.enum(['amqp', 'amqps']).default('amqp'),
  host: z.string().min(1).default('localhost'),
  port: z.int().min(1).max(65_535).optional(),
  vhost: shortString('a vhost').min(1).default('/'),
  username: z.string().default('guest'),
  password: z.string().default('guest'),
  servername: z.string().min(1).optional(),
})

/** Reads a URL or fields. @throws {@link OptionsError} naming the wrong part, with everything before the `@` masked */
export function parseEndpoint(target: string | BrokerAddress): Endpoint {
  if (isUnset(target)) throw new OptionsError(`connect: ${UNSET}`)
  if (typeof target === 'string') return fromUrl(target)
  const given = givenAs(target)
  if (given === 'an object') return fromFields(target)
  const advice: Readonly<Record<string, string>> = {
    'a promise': '. Await it',
    'a URL object': '. Give its text, url.href',
  }
  throw new OptionsError(
    `connect: the broker is ${given}: expected a URL, fields, or a list of them${advice[given] ?? ''}`,
  )
}

/** Whether the value looks like an environment variable that is not set. */
function isUnset(target: unknown): boolean {
  return (
    target === undefined || target === null || (typeof target === 'string' && /^\s*(undefined|null)?\s*$/.test(target))
  )
}

/** Shows an endpoint in errors and events: `amqp://ann@broker:5672/shop`. Never holds a password. */
export function describeEndpoint({ protocol, host, port, vhost, login }: Endpoint): string {
  const user = login.mechanism === 'EXTERNAL' ? '' : `${encodeURIComponent(login.username)}@`
  const name = host.includes(':') ? `[${host}]` : host
  const path = vhost === '/' ? '' : `/${encodeURIComponent(vhost)}`
  return `${protocol}://${user}${name}:${port}${path}`
}

/**
 * Adds the server name for SNI and for checking the certificate. An IP address is no server name (RFC 6066, section 3).
 */
export function tlsFor({ host, servername }: Endpoint, tls: TlsConnectionOptions): TlsConnectionOptions {
  const name = servername ?? tls.servername ?? (net.isIP(host) === 0 ? host : undefined)
  return name === undefined ? tls : { ...tls, servername: name }
}

/** Returns the items in random order, so that the clients of a cluster spread over its nodes. */
export function shuffled<T>(items: readonly T[]): T[] {
  const keyed = items.map((item) => ({ item, key: Math.random() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}

function fromFields(fields: BrokerAddress): Endpoint {
  const { protocol, host, port, vhost, username, password, servername } = parseOptions(address, fields, 'connect')
  const login = Login.plain(username, password)
  const named = servername === undefined ? {} : { servername }
  return { protocol, host, port: port ?? DEFAULT_PORT[protocol], vhost, login, ...named }
}

/** @see https://www.rabbitmq.com/docs/uri-spec */
function fromUrl(text: string): Endpoint {
  const refuse = (why: string): OptionsError => new OptionsError(`connect: invalid URL ${maskUrl(text)}: ${why}`)
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme !== 'amqp' && scheme !== 'amqps') throw refuse("it must start with 'amqp://' or 'amqps://'")
  if (/.[\s,;]amqps?:\/\//i.test(text)) throw refuse(SEVERAL)
  if (text.includes('#')) throw refuse("it holds a '#': encode '#' as %23")
  const url = URL.parse?.(text) ?? tryUrl(text)
  const [authority = '', ...path] =
    text
      .slice(scheme.length + 3)
      .split('?')[0]
      ?.split('/') ?? []
  if (!authority.includes('@') && text.includes('@')) throw refuse("encode '/' as %2F and '?' as %3F before the '@'")
  if (authority.slice(authority.lastIndexOf('@') + 1).includes(',')) throw refuse(SEVERAL)
  if (url === null) throw refuse('host and port cannot be read; encode special characters, for example : as %3A')
  const decode = (part: string): string => decodePart(part, refuse)
  const hasLogin = url.username !== '' || url.password !== ''
  return {
    ...fromFields({
      protocol: scheme,
      host: decode(url.hostname.replace(/^\[|\]$/g, '')) || 'localhost',
      port: url.port === '' ? DEFAULT_PORT[scheme] : Number(url.port),
      vhost: decode(vhostOf(path, refuse)),
    }),
    login: hasLogin ? Login.plain(decode(url.username), decode(url.password)) : Login.plain('guest', 'guest'),
    ...queryOf(url.searchParams, refuse),
  }
}

/** Parses a URL where `URL.parse` is missing: it came with Node.js 22. */
function tryUrl(text: string): URL | null {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

/** Reads the vhost from the path. No path, `/` and `//` mean the vhost `/`; any other vhost is one segment. */
function vhostOf(path: readonly string[], refuse: (why: string) => OptionsError): string {
  const vhost = path.join('/')
  if (vhost === '' || vhost === '/') return '%2F'
  if (vhost.includes('/')) throw refuse("the vhost holds a '/': encode '/' as %2F")
  return vhost
}

function queryOf(query: URLSearchParams, refuse: (why: string) => OptionsError): { heartbeatSeconds?: number } {
  for (const name of query.keys()) {
    if (name === 'heartbeat') continue
    // A `?` in a password that was not encoded makes the rest of the password look like a parameter.
    const shown = /^[\w.-]+$/.test(name) ? `unknown parameter '${name}'` : 'unknown parameter'
    throw refuse(`${shown}; leveret reads only heartbeat from the URL; pass the others as options of connect`)
  }
  const text = query.get('heartbeat')
  if (text === null) return {}
  if (!/^\d{1,5}$/.test(text)) throw refuse('heartbeat is a whole number of seconds')
  return { heartbeatSeconds: Number(text) }
}

function decodePart(part: string, refuse: (why: string) => OptionsError): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw refuse("a '%' is not followed by two hexadecimal digits: encode '%' as %25")
  }
}

/** Masks what may be secret. The scheme stays, and so does the part between the last `@` and the parameters. */
function maskUrl(text: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? ''
  const at = text.lastIndexOf('@')
  if (at >= 0) return `${scheme}***${text.slice(at).replace(/\?.*/s, '?***')}`
  // Without an `@`, only a URL of a name, a port and a path is shown: anything else may hold a password.
  return /^(\[[0-9a-f:]+\]|[\w.-]+)(:\d{1,5})?(\/[\w.%-]*)*$/i.test(text.slice(scheme.length)) ? text : `${scheme}***`
}
