import { ConnectionError, type LeveretError } from '../errors.js'
import type { LoginSource } from './credentials.js'
import { type Endpoint, shuffled } from './endpoint.js'
import { combineFailures, connectFailure } from './failure.js'
import { Link, type LinkHooks, type LinkOptions } from './link.js'
import { race } from './race.js'
import { keepFresh } from './refresh.js'

/** A host whose machine is gone does not even refuse. Whoever is there has let us in by then, over whatever distance. */
const PATIENCE_MS = 1_000

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
   * Tries every host once, in random order, and takes the first that lets us in: the next one after a second, or as soon as
   * one has failed. Names are resolved anew each time.
   *
   * @throws {@link ConnectionError} naming every host and its reason; the signal's reason
   */
  async open(hooks: HostsHooks, signal: AbortSignal): Promise<Link> {
    const { endpoints, login } = this.#options
    const askedAt = performance.now()
    const grant = await login(signal)
    const attempt = async (own: Endpoint, whileRacing: AbortSignal): Promise<Link> => {
      const endpoint = grant === undefined ? own : { ...own, login: grant.login }
      return await Link.open(endpoint, this.#options, hooks, whileRacing).catch((error: unknown) => {
        throw connectFailure(error, endpoint)
      })
    }
    const discard = (late: Link): void => late.cut(new ConnectionError('lost', 'Another host was first'))
    const link = await race(shuffled(endpoints), { patienceMs: PATIENCE_MS, signal, attempt, discard }).catch(
      (error: unknown) => {
        signal.throwIfAborted()
        throw error instanceof AggregateError ? combineFailures(error.errors) : error
      },
    )
    if (grant?.refreshMs !== undefined && hooks.refreshFailed !== undefined) {
      const dueInMs = Math.max(grant.refreshMs - (performance.now() - askedAt), 0)
      void keepFresh(link, dueInMs, login, hooks.refreshFailed)
    }
    return link
  }
}
