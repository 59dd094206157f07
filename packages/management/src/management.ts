import { setTimeout as delay } from 'node:timers/promises'
import { ManagementError } from './http.js'
import { path } from './paths.js'
import { ManagementReader } from './reader.js'
import type { ClientConnection, Definitions, Permissions, Policy, StoredMessage } from './resources.js'

/** How long a new connection may take to appear in the list of its user, in milliseconds. */
const TRACKED_AFTER_MS = 50

const everything: Permissions = { configure: '.*', write: '.*', read: '.*' }

/** The pause between two checks whether connections are closed, and how long closing them may take. */
const CLOSING = { lookMs: 25, timeoutMs: 10_000 }

/**
 * A small client of RabbitMQ's management API: reads like {@link ManagementReader}, and makes changes.
 *
 * Every method throws {@link ManagementError} when the API refuses or no node answers.
 *
 * @see https://www.rabbitmq.com/docs/http-api-reference
 */
export class Management extends ManagementReader {
  /**
   * Creates a vhost in which `user` may do everything, or changes the default queue type of an existing one.
   *
   * @param defaultQueueType - the type of a queue that is declared without one. RabbitMQ 3.10 ignores it. Default: the
   * broker's own
   */
  async createVhost(vhost: string, user = 'guest', defaultQueueType?: 'classic' | 'quorum'): Promise<void> {
    const body = defaultQueueType === undefined ? {} : { default_queue_type: defaultQueueType }
    await this.http.send({ method: 'PUT', path: path`/vhosts/${vhost}`, body })
    await this.setPermissions(vhost, user)
  }

  /** Deletes a vhost with its contents, and closes its connections. Does nothing if it is gone. */
  deleteVhost(vhost: string): Promise<void> {
    return this.#delete(path`/vhosts/${vhost}`)
  }

  /** Creates a user, or changes its password. Without permissions, the user cannot open any vhost. */
  async createUser(user: string, password: string, tags = ''): Promise<void> {
    await this.http.send({ method: 'PUT', path: path`/users/${user}`, body: { password, tags } })
  }

  /** Deletes a user. Does nothing if it is gone. */
  deleteUser(user: string): Promise<void> {
    return this.#delete(path`/users/${user}`)
  }

  /** Sets the permissions of a user in a vhost. Default: everything */
  async setPermissions(vhost: string, user: string, permissions: Permissions = everything): Promise<void> {
    await this.http.send({ method: 'PUT', path: path`/permissions/${vhost}/${user}`, body: permissions })
  }

  /** Declares a durable queue. */
  async declareQueue(vhost: string, name: string, args: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const body = { durable: true, auto_delete: false, arguments: args }
    await this.http.send({ method: 'PUT', path: path`/queues/${vhost}/${name}`, body })
  }

  /** Deletes a queue with its messages. Does nothing if it is gone. */
  deleteQueue(vhost: string, name: string): Promise<void> {
    return this.#delete(path`/queues/${vhost}/${name}`)
  }

  /** Deletes an exchange with its bindings. Does nothing if it is gone. */
  deleteExchange(vhost: string, name: string): Promise<void> {
    return this.#delete(path`/exchanges/${vhost}/${name}`)
  }

  /** Binds a queue to an exchange. */
  async bindQueue(vhost: string, exchange: string, queue: string, bindingKey = ''): Promise<void> {
    const body = { routing_key: bindingKey, arguments: {} }
    await this.http.send({ method: 'POST', path: path`/bindings/${vhost}/e/${exchange}/q/${queue}`, body })
  }

  /** Closes a connection with 320 CONNECTION_FORCED and the reason. Does nothing if it is gone. */
  closeConnection(name: string, reason = 'closed through the management API'): Promise<void> {
    return this.#delete(path`/connections/${name}`, { 'x-reason': reason })
  }

  /**
   * Closes the connections to a vhost, including those opened a moment ago, and resolves when they are gone.
   * Connections that are opened meanwhile stay.
   *
   * @returns how many connections there were
   * @throws {@link ManagementError} with status 0, if the broker has not closed them within 10 s
   */
  async closeAllConnections(vhost: string, reason?: string): Promise<number> {
    const names = new Set(await this.#connectedTo(vhost))
    // A connection that was opened just now appears a moment later.
    await delay(TRACKED_AFTER_MS)
    for (const name of await this.#connectedTo(vhost)) names.add(name)
    const deadline = performance.now() + CLOSING.timeoutMs
    let left = [...names]
    while (left.length > 0) {
      // The API closes only connections that its statistics know, which may take up to a second.
      await Promise.all(left.map((name) => this.closeConnection(name, reason)))
      left = (await this.#connectedTo(vhost)).filter((name) => names.has(name))
      if (left.length > 0 && performance.now() > deadline) throw stillOpen(vhost, left)
      if (left.length > 0) await delay(CLOSING.lookMs)
    }
    return names.size
  }

  /**
   * Returns the names of connections. The list of a vhost comes from statistics, which are late; that of a user does
   * not.
   */
  async #connectedTo(vhost: string): Promise<string[]> {
    const users = await this.http.send<{ name: string }[]>({ method: 'GET', path: '/users' })
    const lists = await Promise.all([
      // Users of an external authority are not in the list of users.
      this.connections(vhost),
      ...users.map(({ name }) => this.#connectionsOf(name)),
    ])
    return lists.flat().flatMap((connection) => (connection.vhost === vhost ? [connection.name] : []))
  }

  #connectionsOf(user: string): Promise<Pick<ClientConnection, 'name' | 'vhost'>[]> {
    return this.http.send({ method: 'GET', path: path`/connections/username/${user}` })
  }

  /** Sets a policy of a vhost. */
  async setPolicy(vhost: string, name: string, policy: Policy): Promise<void> {
    await this.http.send({ method: 'PUT', path: path`/policies/${vhost}/${name}`, body: policy })
  }

  /**
   * Creates what a file of definitions contains and the broker lacks. It may contain users, vhosts and permissions if
   * no vhost is given.
   */
  async importDefinitions(definitions: Definitions, vhost?: string): Promise<void> {
    const where = vhost === undefined ? '/definitions' : path`/definitions/${vhost}`
    await this.http.send({ method: 'POST', path: where, body: definitions })
  }

  /** Deletes a policy. Does nothing if it is gone. */
  deletePolicy(vhost: string, name: string): Promise<void> {
    return this.#delete(path`/policies/${vhost}/${name}`)
  }

  /** Publishes a text through an exchange; `''` is the default exchange. @returns whether a queue took it */
  async publish(vhost: string, message: OutgoingMessage): Promise<boolean> {
    const { exchange = '', routingKey, payload, properties = { delivery_mode: 2 } } = message
    const body = { routing_key: routingKey, payload, payload_encoding: 'string', properties }
    // The default exchange has no name; the API calls it amq.default.
    const where = path`/exchanges/${vhost}/${exchange || 'amq.default'}/publish`
    const { routed } = await this.http.send<{ routed: boolean }>({ method: 'POST', path: where, body })
    return routed
  }

  /** Takes up to `count` messages from a queue and acknowledges them. */
  get(vhost: string, queue: string, count = 1): Promise<StoredMessage[]> {
    const body = { count, ackmode: 'ack_requeue_false', encoding: 'auto' }
    return this.http.send({ method: 'POST', path: path`/queues/${vhost}/${queue}/get`, body })
  }

  async #delete(where: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.http.send({ method: 'DELETE', path: where, headers }).catch((error: unknown) => {
      if (error instanceof ManagementError && error.status === 404) return
      throw error
    })
  }
}

/** A message to publish through the management API. */
export interface OutgoingMessage {
  /** The exchange. Default: the default exchange, where the routing key names the queue */
  readonly exchange?: string
  readonly routingKey: string
  readonly payload: string
  /** The properties of AMQP, with underscores in their names, as the API wants them. Default: persistent */
  readonly properties?: Readonly<Record<string, unknown>>
}

function stillOpen(vhost: string, names: readonly string[]): ManagementError {
  const body = `the connections to '${vhost}' are still open: ${names.join(', ')}`
  return new ManagementError({ method: 'DELETE', path: '/connections' }, { status: 0, body })
}
