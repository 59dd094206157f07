import type { ConnectionError, LeveretError } from '../errors.js'
import type { LoginSource } from './credentials.js'
import { type Endpoint, shuffled } from './endpoint.js'
import { combineFailures, connectFailure } from './failure.js'
import { Link, type LinkHooks, type LinkOptions } from './link.js'
import { keepFresh } from './refresh.js'

/** Where the brokers of one cluster are, and how to get in. */
export interface HostsOptions extends LinkOptions {
  readonly endpoints: readonly Endpoint[]
  readonly login: LoginSource
}

/** What becomes of a link, as its lane is told. */
export interface HostsHooks extends LinkHooks {
  /** A new secret could not be had, or not be handed over. It is tried again. Without this hook secrets are not renewed. */
  refreshFailed?(reason: LeveretError): void
}

/** The brokers of one cluster, any of which will do. */
export class Hosts {
  readonly #options: HostsOptions

  constructor(options: HostsOptions) {
    this.#options = options
  }

  /**
   * Tries every host once, in random order, and takes the first that lets us in. Names are resolved anew each time.
   *
   * @throws {@link ConnectionError} naming every host and its reason; the signal's reason
   */
  async open(hooks: HostsHooks, signal: AbortSignal): Promise<Link> {
    const { endpoints, login } = this.#options
    const askedAt = performance.now()
    const grant = await login(signal)
    const failures: ConnectionError[] = []
    for (const own of shuffled(endpoints)) {
      const endpoint = grant === undefined ? own : { ...own, login: grant.login }
      try {
        const link = await Link.open(endpoint, this.#options, hooks, signal)
        if (grant?.refreshMs !== undefined && hooks.refreshFailed !== undefined) {
          const dueInMs = Math.max(grant.refreshMs - (performance.now() - askedAt), 0)
          void keepFresh(link, dueInMs, login, hooks.refreshFailed)
        }
        return link
      } catch (error) {
        signal.throwIfAborted()
        failures.push(connectFailure(error, endpoint))
      }
    }
    throw combineFailures(failures)
  }
}
