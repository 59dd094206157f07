import { setTimeout as delay } from 'node:timers/promises'
import { eventually } from '../eventually.js'
import { ManagementError, ManagementHttp } from './http.js'
import type {
  Binding,
  ClientChannel,
  ClientConnection,
  ClusterNode,
  Consumer,
  Exchange,
  Overview,
  Permissions,
  Policy,
  Queue,
  StoredMessage,
} from './resources.js'

/** How long a new connection takes to appear in the list of its user. */
const TRACKED_AFTER_MS = 50

const everything: Permissions = { configure: '.*', write: '.*', read: '.*' }

/**
 * A small client of RabbitMQ's management API.
 *
 * Every method throws {@link ManagementError} if the API refuses or no node answers.
 *
 * @see https://www.rabbitmq.com/docs/http-api-reference
 */
export class Management {
  readonly #http: ManagementHttp

  /** @param urls - one for each node, as `http://user:password@host:port`; the first that answers is used */
  constructor(urls: readonly string[]) {
    this.#http = new ManagementHttp(urls)
  }

  /** Returns the broker's version and name. */
  overview(): Promise<Overview> {
    return this.#http.send({ method: 'GET', path: '/overview' })
  }

  /** Returns the nodes of the cluster. */
  nodes(): Promise<ClusterNode[]> {
    return this.#http.send({ method: 'GET', path: '/nodes' })
  }

  /**
   * Creates a vhost in which `user` has all rights, or changes the default queue type of an existing one.
   *
   * @param defaultQueueType - type of a queue that is declared without one; by default the broker's own. RabbitMQ 3.10
   *   ignores it
   */
  async createVhost(vhost: string, user = 'guest', defaultQueueType?: 'classic' | 'quorum'): Promise<void> {
    const body = defaultQueueType === undefined ? {} : { default_queue_type: defaultQueueType }
    await this.#http.send({ method: 'PUT', path: path`/vhosts/${vhost}`, body })
    await this.setPermissions(vhost, user)
  }

  /** Deletes a vhost with everything in it, and closes its connections. Does nothing if it is gone. */
  deleteVhost(vhost: string): Promise<void> {
    return this.#delete(path`/vhosts/${vhost}`)
  }

  /** Creates a user, or changes its password. Without permissions the user has access to no vhost. */
  async createUser(user: string, password: string, tags = ''): Promise<void> {
    await this.#http.send({ method: 'PUT', path: path`/users/${user}`, body: { password, tags } })
  }

  /** Deletes a user. Does nothing if it is gone. */
  deleteUser(user: string): Promise<void> {
    return this.#delete(path`/users/${user}`)
  }

  /** Sets the rights of a user in a vhost; by default all rights. */
  async setPermissions(vhost: string, user: string, permissions: Permissions = everything): Promise<void> {
    await this.#http.send({ method: 'PUT', path: path`/permissions/${vhost}/${user}`, body: permissions })
  }

  /** Returns the queues of a vhost. */
  queues(vhost: string): Promise<Queue[]> {
    return this.#http.send({ method: 'GET', path: path`/queues/${vhost}` })
  }

  /** Returns one queue; throws {@link ManagementError} with status 404 if it does not exist. */
  queue(vhost: string, name: string): Promise<Queue> {
    return this.#http.send({ method: 'GET', path: path`/queues/${vhost}/${name}` })
  }

  /** Declares a durable queue. */
  async declareQueue(vhost: string, name: string, args: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const body = { durable: true, auto_delete: false, arguments: args }
    await this.#http.send({ method: 'PUT', path: path`/queues/${vhost}/${name}`, body })
  }

  /** Deletes a queue with its messages. Does nothing if it is gone. */
  deleteQueue(vhost: string, name: string): Promise<void> {
    return this.#delete(path`/queues/${vhost}/${name}`)
  }

  /** Returns the exchanges of a vhost, including RabbitMQ's own. */
  exchanges(vhost: string): Promise<Exchange[]> {
    return this.#http.send({ method: 'GET', path: path`/exchanges/${vhost}` })
  }

  /** Deletes an exchange with its bindings. Does nothing if it is gone. */
  deleteExchange(vhost: string, name: string): Promise<void> {
    return this.#delete(path`/exchanges/${vhost}/${name}`)
  }

  /** Binds a queue to an exchange. */
  async bindQueue(vhost: string, exchange: string, queue: string, bindingKey = ''): Promise<void> {
    const body = { routing_key: bindingKey, arguments: {} }
    await this.#http.send({ method: 'POST', path: path`/bindings/${vhost}/e/${exchange}/q/${queue}`, body })
  }

  /** Returns the bindings of a vhost, including those of the default exchange. */
  bindings(vhost: string): Promise<Binding[]> {
    return this.#http.send({ method: 'GET', path: path`/bindings/${vhost}` })
  }

  /** Returns the consumers in a vhost. */
  consumers(vhost: string): Promise<Consumer[]> {
    return this.#http.send({ method: 'GET', path: path`/consumers/${vhost}` })
  }

  /** Returns the channels in a vhost. */
  channels(vhost: string): Promise<ClientChannel[]> {
    return this.#http.send({ method: 'GET', path: path`/vhosts/${vhost}/channels` })
  }

  /** Returns the connections to a vhost; without an argument, all connections. */
  connections(vhost?: string): Promise<ClientConnection[]> {
    const where = vhost === undefined ? '/connections' : path`/vhosts/${vhost}/connections`
    return this.#http.send({ method: 'GET', path: where })
  }

  /** Closes a connection; its client gets 320 CONNECTION_FORCED and the reason. Does nothing if it is gone. */
  closeConnection(name: string, reason = 'closed by a test'): Promise<void> {
    return this.#delete(path`/connections/${name}`, { 'x-reason': reason })
  }

  /**
   * Closes the connections to a vhost, also those opened a moment ago, and resolves when they are gone. Connections
   * opened meanwhile stay.
   *
   * @returns how many there were
   * @throws {@link NeverError} if the broker has not closed them within 10 s
   */
  async closeAllConnections(vhost: string, reason?: string): Promise<number> {
    const names = new Set(await this.#connectedTo(vhost))
    // A connection that was just opened is listed a moment later.
    await delay(TRACKED_AFTER_MS)
    for (const name of await this.#connectedTo(vhost)) names.add(name)
    let left = [...names]
    await eventually(async () => {
      // The API closes only connections that its statistics know, which may take a second.
      await Promise.all(left.map((name) => this.closeConnection(name, reason)))
      left = (await this.#connectedTo(vhost)).filter((name) => names.has(name))
      if (left.length > 0) throw new Error(`the connections to '${vhost}' are still open: ${left.join(', ')}`)
    })
    return names.size
  }

  /**
   * Returns names of connections. The list of a vhost comes from statistics, which are late; that of a user does not.
   */
  async #connectedTo(vhost: string): Promise<string[]> {
    const users = await this.#http.send<{ name: string }[]>({ method: 'GET', path: '/users' })
    const lists = await Promise.all([
      // Users of another authentication backend are not in the list of users.
      this.connections(vhost),
      ...users.map(({ name }) => this.#connectionsOf(name)),
    ])
    return lists.flat().flatMap((connection) => (connection.vhost === vhost ? [connection.name] : []))
  }

  #connectionsOf(user: string): Promise<Pick<ClientConnection, 'name' | 'vhost'>[]> {
    return this.#http.send({ method: 'GET', path: path`/connections/username/${user}` })
  }

  /** Sets a policy of a vhost. */
  async setPolicy(vhost: string, name: string, policy: Policy): Promise<void> {
    await this.#http.send({ method: 'PUT', path: path`/policies/${vhost}/${name}`, body: policy })
  }

  /** Deletes a policy. Does nothing if it is gone. */
  deletePolicy(vhost: string, name: string): Promise<void> {
    return this.#delete(path`/policies/${vhost}/${name}`)
  }

  /** Publishes a text to an exchange; `''` is the default exchange. @returns whether a queue took it */
  async publish(vhost: string, message: OutgoingMessage): Promise<boolean> {
    const { exchange = '', routingKey, payload, properties = { delivery_mode: 2 } } = message
    const body = { routing_key: routingKey, payload, payload_encoding: 'string', properties }
    // The default exchange has no name; the API calls it amq.default.
    const where = path`/exchanges/${vhost}/${exchange || 'amq.default'}/publish`
    const { routed } = await this.#http.send<{ routed: boolean }>({ method: 'POST', path: where, body })
    return routed
  }

  /** Takes up to `count` messages from a queue and acks them. */
  get(vhost: string, queue: string, count = 1): Promise<StoredMessage[]> {
    const body = { count, ackmode: 'ack_requeue_false', encoding: 'auto' }
    return this.#http.send({ method: 'POST', path: path`/queues/${vhost}/${queue}/get`, body })
  }

  async #delete(where: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: where, headers }).catch((error: unknown) => {
      if (error instanceof ManagementError && error.status === 404) return
      throw error
    })
  }
}

/** A message to publish through the management API. */
export interface OutgoingMessage {
  /** Name of the exchange. @defaultValue the default exchange, where the routing key names the queue */
  readonly exchange?: string
  readonly routingKey: string
  readonly payload: string
  /** Properties of AMQP, with underscores, as the API needs them. @defaultValue persistent */
  readonly properties?: Readonly<Record<string, unknown>>
}

/** Builds a path whose names are percent-encoded. */
function path(texts: TemplateStringsArray, ...names: readonly string[]): string {
  return texts.reduce((built, text, index) => built + encodeURIComponent(names[index - 1] ?? '') + text)
}
