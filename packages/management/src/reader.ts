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
   * @param urls - one URL for each node, as `http://user:password@host:port` (parts percent-encoded). The first node
   * that answers is used
   * @throws {@link TypeError} if one of them is not a URL
   */
  constructor(urls: readonly string[], options: ManagementOptions = {}) {
    this.http = new ManagementHttp(urls, options)
  }

  /** Returns the broker's version and name. */
  overview(): Promise<Overview> {
    return this.http.get('/overview')
  }

  /** Returns the user of this client, as the broker knows it. */
  whoami(): Promise<Whoami> {
    return this.http.get('/whoami')
  }

  /**
   * Returns the broker's clock, to the second, from the `Date` header of an answer; `undefined` if a proxy has removed
   * that header.
   */
  async clock(): Promise<Date | undefined> {
    return await this.http.date('/whoami')
  }

  /** Returns the nodes of the cluster. */
  nodes(): Promise<ClusterNode[]> {
    return this.http.get('/nodes')
  }

  /** Returns the feature flags of the broker. */
  featureFlags(): Promise<FeatureFlag[]> {
    return this.http.get('/feature-flags')
  }

  /**
   * Returns the deprecated features that are in use. Before RabbitMQ 3.13 they are not tracked, so the list is empty.
   */
  async deprecatedFeaturesUsed(): Promise<DeprecatedFeature[]> {
    return await this.http.get<DeprecatedFeature[]>('/deprecated-features/used').catch((error: unknown) => {
      if (error instanceof ManagementError && error.status === 404) return []
      throw error
    })
  }

  /**
   * Returns the definitions of a vhost (queues, exchanges, bindings, policies), or of the whole broker, including users
   * and permissions.
   */
  definitions(vhost?: string): Promise<Definitions> {
    return this.http.get(vhost === undefined ? '/definitions' : path`/definitions/${vhost}`)
  }

  /** Returns all queues of a vhost at once. For thousands of queues use {@link queuePages}. */
  queues(vhost: string): Promise<Queue[]> {
    return this.http.get(path`/queues/${vhost}`)
  }

  /** Returns one page of the queues of a vhost. */
  queuePage(vhost: string, options: PageOptions = {}): Promise<Page<Queue>> {
    return this.http.get(path`/queues/${vhost}` + pageQuery(options))
  }

  /**
   * Yields the queues of a vhost, page by page. Queues that are declared or deleted meanwhile may be missing, or come
   * twice.
   */
  async *queuePages(vhost: string, options: Omit<PageOptions, 'page'> = {}): AsyncGenerator<Queue[]> {
    for (let page = 1, last = 1; page <= last; page += 1) {
      const answer = await this.queuePage(vhost, { ...options, page })
      // An API without pages, such as that of the broker in memory, answers with all queues.
      yield Array.isArray(answer) ? answer : [...answer.items]
      last = Array.isArray(answer) ? page : answer.page_count
    }
  }

  /** Returns one queue. @throws {@link ManagementError} with status 404 if there is no such queue */
  queue(vhost: string, name: string): Promise<Queue> {
    return this.http.get(path`/queues/${vhost}/${name}`)
  }

  /** Returns the exchanges of a vhost, including RabbitMQ's own. */
  exchanges(vhost: string): Promise<Exchange[]> {
    return this.http.get(path`/exchanges/${vhost}`)
  }

  /** Returns the bindings of a vhost, including those of the default exchange. */
  bindings(vhost: string): Promise<Binding[]> {
    return this.http.get(path`/bindings/${vhost}`)
  }

  /** Returns the consumers in a vhost. */
  consumers(vhost: string): Promise<Consumer[]> {
    return this.http.get(path`/consumers/${vhost}`)
  }

  /** Returns the channels in a vhost. */
  channels(vhost: string): Promise<ClientChannel[]> {
    return this.http.get(path`/vhosts/${vhost}/channels`)
  }

  /** Returns the connections to a vhost, or all connections if none is given. */
  connections(vhost?: string): Promise<ClientConnection[]> {
    return this.http.get(vhost === undefined ? '/connections' : path`/vhosts/${vhost}/connections`)
  }

  /** Returns the policies of a vhost. */
  policies(vhost: string): Promise<StoredPolicy[]> {
    return this.http.get(path`/policies/${vhost}`)
  }

  /** Returns the operator policies of a vhost, which limit what other policies may set. */
  operatorPolicies(vhost: string): Promise<StoredPolicy[]> {
    return this.http.get(path`/operator-policies/${vhost}`)
  }

  /** Returns the permissions of all users in a vhost. Only administrators may read them. */
  permissions(vhost: string): Promise<UserPermissions[]> {
    return this.http.get(path`/vhosts/${vhost}/permissions`)
  }

  /**
   * Returns the permissions of one user in a vhost. Only administrators may read them.
   *
   * @throws {@link ManagementError} with status 404 if the user has none
   */
  permissionsOf(vhost: string, user: string): Promise<Permissions> {
    return this.http.get(path`/permissions/${vhost}/${user}`)
  }
}
