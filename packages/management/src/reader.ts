import { ManagementError, ManagementHttp, type ManagementOptions } from './http.js'
import { type Page, type PageOptions, pageQuery } from './pages.js'
import { path } from './paths.js'
import type {
  Binding,
  ClientChannel,
  ClientConnection,
  ClusterNode,
  Consumer,
  Definitions,
  DeprecatedFeature,
  Exchange,
  FeatureFlag,
  Overview,
  Permissions,
  Queue,
  StoredPolicy,
  UserPermissions,
  Whoami,
} from './resources.js'

/**
 * Reads RabbitMQ's management API and changes nothing.
 *
 * Every method throws {@link ManagementError} when the API refuses or no node answers.
 *
 * @see https://www.rabbitmq.com/docs/http-api-reference
 */
export class ManagementReader {
  protected readonly http: ManagementHttp

  /**
   * @param urls - one for each node, as `http://user:password@host:port` (parts percent-encoded); the first that
   *   answers is asked
   * @throws {@link TypeError} one of them is no URL
   */
  constructor(urls: readonly string[], options: ManagementOptions = {}) {
    this.http = new ManagementHttp(urls, options)
  }

  /** The broker's version and name. */
  overview(): Promise<Overview> {
    return this.http.get('/overview')
  }

  /** The user who asks, as the broker knows it. */
  whoami(): Promise<Whoami> {
    return this.http.get('/whoami')
  }

  /**
   * The broker's clock, to the second, as the answer's `Date` header tells it; `undefined` where something between
   * has removed that.
   */
  async clock(): Promise<Date | undefined> {
    return await this.http.date('/whoami')
  }

  /** The nodes of the cluster. */
  nodes(): Promise<ClusterNode[]> {
    return this.http.get('/nodes')
  }

  /** The feature flags of the broker. */
  featureFlags(): Promise<FeatureFlag[]> {
    return this.http.get('/feature-flags')
  }

  /** The deprecated features that are in use. Before RabbitMQ 3.13 nobody counts them, so there are none. */
  async deprecatedFeaturesUsed(): Promise<DeprecatedFeature[]> {
    return await this.http.get<DeprecatedFeature[]>('/deprecated-features/used').catch((error: unknown) => {
      if (error instanceof ManagementError && error.status === 404) return []
      throw error
    })
  }

  /**
   * All that is defined in a vhost (queues, exchanges, bindings, policies), or on the whole broker, users and
   * permissions among it.
   */
  definitions(vhost?: string): Promise<Definitions> {
    return this.http.get(vhost === undefined ? '/definitions' : path`/definitions/${vhost}`)
  }

  /** The queues of a vhost, all of them at once. Where there may be thousands: {@link queuePages}. */
  queues(vhost: string): Promise<Queue[]> {
    return this.http.get(path`/queues/${vhost}`)
  }

  /** One page of the queues of a vhost. */
  queuePage(vhost: string, options: PageOptions = {}): Promise<Page<Queue>> {
    return this.http.get(path`/queues/${vhost}` + pageQuery(options))
  }

  /**
   * The queues of a vhost, asked for page by page. What is declared or deleted meanwhile may be missing, or come
   * twice.
   */
  async *queuePages(vhost: string, options: Omit<PageOptions, 'page'> = {}): AsyncGenerator<Queue[]> {
    for (let page = 1, last = 1; page <= last; page += 1) {
      const answer = await this.queuePage(vhost, { ...options, page })
      // An API that knows no pages, as that of the broker in memory, answers with all of them.
      yield Array.isArray(answer) ? answer : [...answer.items]
      last = Array.isArray(answer) ? page : answer.page_count
    }
  }

  /** One queue; {@link ManagementError} with status 404 if there is none of this name. */
  queue(vhost: string, name: string): Promise<Queue> {
    return this.http.get(path`/queues/${vhost}/${name}`)
  }

  /** The exchanges of a vhost, RabbitMQ's own among them. */
  exchanges(vhost: string): Promise<Exchange[]> {
    return this.http.get(path`/exchanges/${vhost}`)
  }

  /** The bindings of a vhost, those of the default exchange among them. */
  bindings(vhost: string): Promise<Binding[]> {
    return this.http.get(path`/bindings/${vhost}`)
  }

  /** The consumers in a vhost. */
  consumers(vhost: string): Promise<Consumer[]> {
    return this.http.get(path`/consumers/${vhost}`)
  }

  /** The channels in a vhost. */
  channels(vhost: string): Promise<ClientChannel[]> {
    return this.http.get(path`/vhosts/${vhost}/channels`)
  }

  /** The connections to a vhost; without one, to all. */
  connections(vhost?: string): Promise<ClientConnection[]> {
    return this.http.get(vhost === undefined ? '/connections' : path`/vhosts/${vhost}/connections`)
  }

  /** The policies of a vhost. */
  policies(vhost: string): Promise<StoredPolicy[]> {
    return this.http.get(path`/policies/${vhost}`)
  }

  /** The policies of operators for a vhost, which bound what others may set. */
  operatorPolicies(vhost: string): Promise<StoredPolicy[]> {
    return this.http.get(path`/operator-policies/${vhost}`)
  }

  /** The rights of users in a vhost. Only administrators may ask. */
  permissions(vhost: string): Promise<UserPermissions[]> {
    return this.http.get(path`/vhosts/${vhost}/permissions`)
  }

  /**
   * The rights of one user in a vhost; {@link ManagementError} with status 404 for nothing. Only administrators may
   * ask.
   */
  permissionsOf(vhost: string, user: string): Promise<Permissions> {
    return this.http.get(path`/permissions/${vhost}/${user}`)
  }
}
