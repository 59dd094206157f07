import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Broker } from './broker/broker.js'
import { Listener } from './listener.js'
import { Connection } from './session/connection.js'
import type { SessionFaults, SessionHost, SessionLimits } from './session/socket/host.js'

/** How long clients have to answer the `connection.close` of a broker that stops. */
const FAREWELL_MS = 500
const LOOK_EVERY_MS = 5

export interface SessionsOptions {
  readonly broker: Broker
  readonly faults: SessionFaults
  readonly port: number
  readonly limits: SessionLimits
}

/** Accepts and holds the connections of a broker. */
export class Sessions {
  readonly #host: SessionHost
  readonly #listener: Listener
  readonly #connections = new Set<Connection>()
  #activity = 0
  #paused = false

  constructor({ broker, faults, port, limits }: SessionsOptions) {
    this.#host = {
      broker,
      faults,
      limits,
      connectionsOf: (of) => this.#connectionsOf(of),
      channelsOf: (user) => this.#channelsOf(user),
      touched: () => this.#touched(),
    }
    this.#listener = new Listener(port, (socket) => this.#accept(socket))
  }

  get port(): number {
    return this.#listener.port
  }

  get limits(): SessionLimits {
    return this.#host.limits
  }

  /** How many times something came from a client or went to one. */
  get activity(): number {
    return this.#activity
  }

  get isBusy(): boolean {
    return this.all().some((connection) => connection.isBusy)
  }

  all(): Connection[] {
    return [...this.#connections]
  }

  /** @throws Error if the port is taken */
  open(): Promise<void> {
    return this.#listener.open()
  }

  /** Accepts no more connections. Gives clients time to answer, and then ends the remaining connections. */
  async close(): Promise<void> {
    this.#listener.close()
    for (let waitedMs = 0; this.#connections.size > 0 && waitedMs < FAREWELL_MS; waitedMs += LOOK_EVERY_MS)
      await delay(LOOK_EVERY_MS)
    for (const connection of this.all()) connection.drop()
  }

  pause(): void {
    this.#paused = true
    for (const connection of this.#connections) connection.setPaused(true)
  }

  resume(): void {
    this.#paused = false
    for (const connection of this.#connections) connection.setPaused(false)
  }

  #accept(socket: Socket): void {
    const connection: Connection = new Connection(socket, this.#host, () => this.#connections.delete(connection))
    this.#connections.add(connection)
    if (this.#paused) connection.setPaused(true)
    this.#touched()
  }

  #channelsOf(user: string): number {
    const theirs = this.all().filter((connection) => connection.identity.user === user)
    return theirs.reduce((sum, { channels }) => sum + channels.all().length, 0)
  }

  #connectionsOf(of: { readonly vhost: string } | { readonly user: string }): number {
    const open = this.all().filter(({ isOpen }) => isOpen)
    return open.filter(({ identity }) => ('vhost' in of ? identity.vhost === of.vhost : identity.user === of.user))
      .length
  }

  #touched(): void {
    this.#activity += 1
  }
}
