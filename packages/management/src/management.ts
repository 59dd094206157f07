import { setTimeout as delay } from 'node:timers/promises'
import { ManagementError } from './http.js'
import { path } from './paths.js'
import { ManagementReader } from './reader.js'
import type { ClientConnection, Definitions, Permissions, Policy, StoredMessage } from './resources.js'

/** A connection comes into the list of its user some milliseconds after it was opened. */
const TRACKED_AFTER_MS = 50

const everything: Permissions = { configure: '.*', write: '.*', read: '.*' }

/** The pause between two looks at connections that are to be closed, and how long they may take. */
const CLOSING = { lookMs: 25, timeoutMs: 10_000 }

/**
 * A small client of RabbitMQ's management API: reads what {@link ManagementReader} does, and changes.
 *
 * Every method throws {@link ManagementError} when the API refuses or no node answers.
 *
 * @see https://www.rabbitmq.com/docs/http-api-reference
 */
export class Management extends ManagementReader {
  /**
   * Creates a vhost in which `user` may do everything, or changes the default queue type of one that exists.
   *
   * @param defaultQueueType - what a queue is that is declared without a type. RabbitMQ 3.10 ignores it. Default: the
   *   broker's own
   */
  async createVhost(vhost: string, user = 'guest', defaultQueueType?: 'classic' | 'quorum'): Promise<void> {
    const body = defaultQueueType === undefined ? {} : { default_queue_type: defaultQueueType }
    await this.http.send({ method: 'PUT', path: path`/vhosts/${vhost}`, body })
    await this.setPermissions(vhost, user)
  }

  /** Deletes a vhost and all that is in it; its connections are closed. Does nothing if it is gone. */
  deleteVhost(vhost: string): Promise<void> {
    return this.#delete(path`/vhosts/${vhost}`)
  }

  /** Creates a user, or changes its password. Without permissions it can enter no vhost. */
  async createUser(user: string, password: string, tags = ''): Promise<void> {
    await this.http.send({ method: 'PUT', path: path`/users/${user}`, body: { password, tags } })
  }

  /** Deletes a user. Does nothing if it is gone. */
  deleteUser(user: string): Promise<void> {
    return this.#delete(path`/users/${user}`)
  }

  /** Says what a user may do in a vhost. Default: everything */
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

  /** Closes a connection; its client is told 320 CONNECTION_FORCED and the reason. Does nothing if it is gone. */
  closeConnection(name: string, reason = 'closed through the management API'): Promise<void> {
    return this.#delete(path`/connections/${name}`, { 'x-reason': reason })
  }

  /**
   * Closes the connections to a vhost, those that were opened a moment ago too, and resolves when they are gone. What
   * is opened
   * meanwhile stays.
   *
   * @returns how many there were
   * @throws {@link ManagementError} with status 0: the broker has not closed them within 10 s
   */
  async closeAllConnections(vhost: string, reason?: string): Promise<number> {
    const names = new Set(await this.#connectedTo(vhost))
    // One that was opened just now is entered a moment later.
    await delay(TRACKED_AFTER_MS)
    for (const name of await this.#connectedTo(vhost)) names.add(name)
    const deadline = performance.now() + CLOSING.timeoutMs
    let left = [...names]
    while (left.length > 0) {
      // The API closes only what its statistics know, which takes them up to a second.
      await Promise.all(left.map((name) => this.closeConnection(name, reason)))
      left = (await this.#connectedTo(vhost)).filter((name) => names.has(name))
      if (left.length > 0 && performance.now() > deadline) throw stillOpen(vhost, left)
      if (left.length > 0) await delay(CLOSING.lookMs)
    }
    return names.size
  }

  /** Names of connections. The list of a vhost is made of statistics, which come late; that of a user is not. */
  async #connectedTo(vhost: string): Promise<string[]> {
    const users = await this.http.send<{ name: string }[]>({ method: 'GET', path: '/users' })
    const lists = await Promise.all([
      // Users that another authority knows are in no list of users.
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
   * Defines what is in a file of definitions and is not there yet. Users, vhosts and permissions may be among it
   * where no vhost is given.
   */
  async importDefinitions(definitions: Definitions, vhost?: string): Promise<void> {
    const where = vhost === undefined ? '/definitions' : path`/definitions/${vhost}`
    await this.http.send({ method: 'POST', path: where, body: definitions })
  }

  /** Deletes a policy. Does nothing if it is gone. */
  deletePolicy(vhost: string, name: string): Promise<void> {
    return this.#delete(path`/policies/${vhost}/${name}`)
  }

  /** Publishes a text through an exchange, `''` being the default one. @returns whether a queue took it */
  async publish(vhost: string, message: OutgoingMessage): Promise<boolean> {
    const { exchange = '', routingKey, payload, properties = { delivery_mode: 2 } } = message
    const body = { routing_key: routingKey, payload, payload_encoding: 'string', properties }
    // The default exchange has no name; the API calls it amq.default.
    const where = path`/exchanges/${vhost}/${exchange || 'amq.default'}/publish`
    const { routed } = await this.http.send<{ routed: boolean }>({ method: 'POST', path: where, body })
    return routed
  }

  /** Takes up to `count` messages from a queue and acks them. */
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
  /** Default: the default exchange, where the routing key names the queue. */
  readonly exchange?: string
  readonly routingKey: string
  readonly payload: string
  /** AMQP's, with underscores, as the API wants them. Default: persistent */
  readonly properties?: Readonly<Record<string, unknown>>
}

function stillOpen(vhost: string, names: readonly string[]): ManagementError {
  const body = `the connections to '${vhost}' are still open: ${names.join(', ')}`
  return new ManagementError({ method: 'DELETE', path: '/connections' }, { status: 0, body })
}
