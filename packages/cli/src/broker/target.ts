import { UsageError } from '../program/exit.js'

/** The place of a broker, and the credentials for it. */
export interface Target {
  /** The URL for `connect`. It holds the password, if there is one. */
  readonly url: string
  readonly username: string
  readonly password: string
  readonly host: string
  readonly port: number
  readonly vhost: string
  readonly isTls: boolean
}

/** The default broker. */
export const DEFAULT_URL = 'amqp://guest:guest@localhost:5672'

/** Reads the URL of the broker. @throws {@link UsageError} without the text, which may hold a password */
export function readTarget(text: string): Target {
  const url = parsed(text, 'The URL of the broker')
  if (url.protocol !== 'amqp:' && url.protocol !== 'amqps:') {
    throw new UsageError(
      'The URL of the broker begins with amqp:// or amqps://, for example amqp://user:password@host:5672/vhost.',
    )
  }
  const isTls = url.protocol === 'amqps:'
  return {
    url: text,
    username: decoded(url.username) || 'guest',
    password: decoded(url.password) || 'guest',
    host: url.hostname || 'localhost',
    port: Number(url.port) || (isTls ? 5671 : 5672),
    vhost: decoded(url.pathname.slice(1)) || '/',
    isTls,
  }
}

/** Describes a broker for people, without the password: `ann@broker:5672/shop`. */
export function describeTarget({ username, host, port, vhost }: Target): string {
  return `${username}@${host}:${port}${vhost === '/' ? '/' : `/${vhost}`}`
}

/**
 * Returns the URL of the management API: the given one, or the usual port on the broker's host. The credentials are
 * those of the broker.
 */
export function managementUrl(target: Target, given: string | undefined): string {
  const usual = `${target.isTls ? 'https' : 'http'}://${target.host}:${target.isTls ? 15_671 : 15_672}`
  const url = parsed(given ?? usual, 'The URL of the management API')
  if (url.username === '') {
    url.username = encodeURIComponent(target.username)
    url.password = encodeURIComponent(target.password)
  }
  return url.href
}

function parsed(text: string, what: string): URL {
  try {
    return new URL(text)
  } catch {
    throw new UsageError(
      `${what} cannot be read. Encode special characters of a password, for example # as %23 and / as %2F.`,
    )
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new UsageError("The URL of the broker cannot be read: encode '%' as %25.")
  }
}
