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

/** A host whose machine is gone does not even refuse. Whoever is there has let us in by then, over whatever distance. */
const PATIENCE_MS = 1_000

/** The brokers of one cluster, any of which will do. */
export class Hosts {
  readonly #options: HostsOptions

  constructor(options: HostsOptions) {
    this.#options = options
  }

  /**
   * Tries every host once, in random order, and takes the first that lets us in: the next one after a second, or as soon as
   * one has failed. Of a host with several addresses each is tried in the same way. Names are resolved anew each time.
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

/** Where the brokers of one cluster are, and how to get in. */
export interface HostsOptions extends DialOptions {
  readonly endpoints: readonly Endpoint[]
  readonly login: LoginSource
}

/** What becomes of a link, as its lane is told. */
export interface HostsHooks extends LinkHooks {
  /** A new secret could not be had, or not be handed over. It is tried again. Without this hook secrets are not renewed. */
  refreshFailed?(reason: LeveretError): void
}

/** The link to the first of several places that lets us in. @throws {@link ConnectionError} naming each; the signal's reason */
async function firstLink(
  places: readonly Endpoint[],
  signal: AbortSignal,
  open: (place: Endpoint, signal: AbortSignal) => Promise<Link>,
): Promise<Link> {
  const attempt = async (place: Endpoint, whileRacing: AbortSignal): Promise<Link> =>
    await open(place, whileRacing).catch((error: unknown) => {
      throw connectFailure(error, place)
    })
  const discard = (late: Link): void => late.cut(new ConnectionError('lost', 'Another host was first'))
  return await race(places, { patienceMs: PATIENCE_MS, signal, attempt, discard }).catch((error: unknown) => {
    signal.throwIfAborted()
    throw error instanceof AggregateError ? combineFailures(error.errors) : error
  })
}
