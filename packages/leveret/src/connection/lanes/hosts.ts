import { combineFailures, connectFailure } from '../../amqp/connect-failure.js'
import type { DialOptions } from '../../amqp/dial.js'
import { describeEndpoint, type Endpoint, shuffled } from '../../amqp/endpoint.js'
import { Link, type LinkHooks } from '../../amqp/link.js'
import { race } from '../../async/race.js'
import { within } from '../../async/timing.js'
import { ConnectionError } from '../../errors/connection-error.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import { addressesOf } from './addresses.js'
import type { LoginSource } from './credentials.js'
import { keepFresh } from './refresh.js'

/**
 * How long to wait for one host before trying the next as well. A machine that is gone does not even refuse; a live one
 * answers within this time over any distance.
 */
const PATIENCE_MS = 1_000

/** The brokers of one cluster, any of which will do. */
export class Hosts {
  readonly #options: HostsOptions

  constructor(options: HostsOptions) {
    this.#options = options
  }

  /**
   * Tries every host once, in random order, and takes the first that accepts. The next one is tried after a second, or
   * as soon as one has failed. The addresses of one host are tried in the same way. Names are resolved again each time.
   *
   * @throws {@link ConnectionError} naming every host and its reason; the signal's reason
   */
  async open(hooks: HostsHooks, signal: AbortSignal): Promise<Link> {
    const { endpoints, login } = this.#options
    const askedAt = performance.now()
    const grant = await login(signal)
    const link = await firstLink(shuffled(endpoints), signal, async (own, whileRacing) => {
      const host = grant === undefined ? own : { ...own, login: grant.login }
      return await firstLink(await this.#addressesOf(host, whileRacing), whileRacing, async (address, whileFirst) => {
        return await Link.open(address, this.#options, hooks, whileFirst)
      })
    })
    if (grant?.refreshMs !== undefined && hooks.refreshFailed !== undefined) {
      const dueInMs = Math.max(grant.refreshMs - (performance.now() - askedAt), 0)
      void keepFresh(link, dueInMs, login, hooks.refreshFailed)
    }
    return link
  }

  async #addressesOf(host: Endpoint, signal: AbortSignal): Promise<readonly Endpoint[]> {
    const { connectTimeoutMs } = this.#options
    const late = (): Error => {
      const text = `Cannot connect to ${describeEndpoint(host)}: its name was not resolved within ${connectTimeoutMs} ms`
      return new ConnectionError('timeout', text)
    }
    return await within(connectTimeoutMs, addressesOf(host, signal), late).catch((error: unknown) => {
      throw connectFailure(error, host)
    })
  }
}

/** Options of {@link Hosts}: the brokers of one cluster, and the login. */
export interface HostsOptions extends DialOptions {
  readonly endpoints: readonly Endpoint[]
  readonly login: LoginSource
}

/** Callbacks of a link to its lane. */
export interface HostsHooks extends LinkHooks {
  /**
   * Called when a new secret could not be obtained, or the broker did not take it. Another try follows. Without this
   * hook secrets are not renewed.
   */
  refreshFailed?(reason: LeveretError): void
}

/**
 * Opens a link to the first of several endpoints that accepts.
 *
 * @throws {@link ConnectionError} naming each; the signal's reason
 */
async function firstLink(
  places: readonly Endpoint[],
  signal: AbortSignal,
  open: (place: Endpoint, signal: AbortSignal) => Promise<Link>,
): Promise<Link> {
  const attempt = async (place: Endpoint, whileRacing: AbortSignal): Promise<Link> =>
    await open(place, whileRacing).catch((error: unknown) => {
      throw connectFailure(error, place)
    })
  const discard = (late: Link): void => late.cut(new ConnectionError('lost', 'Another host accepted first'))
  return await race(places, { patienceMs: PATIENCE_MS, signal, attempt, discard }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw error instanceof AggregateError ? combineFailures(error.errors) : error
  })
}
