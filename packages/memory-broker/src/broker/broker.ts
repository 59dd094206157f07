import type { Clock } from '../clock/clock.js'
import { Access } from './access.js'
import { Alarms } from './alarms.js'
import { Log } from './log.js'
import { Published } from './published.js'
import type { Profile } from './rules/profile.js'
import { Vhost } from './vhost.js'

export interface BrokerOptions {
  readonly clock: Clock
  readonly profile: Profile
  readonly logLimit: number
  /** How many bytes of messages raise the memory alarm. */
  readonly memoryLimitBytes: number
}

/** The core of the broker, without sockets: vhosts, users and alarms. */
export class Broker {
  readonly clock: Clock
  readonly profile: Profile
  readonly access = new Access()
  readonly alarms = new Alarms()
  readonly log: Log
  readonly published: Published
  readonly vhosts = new Map<string, Vhost>()
  readonly #memoryLimitBytes: number
  #deferred: (() => void)[] = []
  #running = false

  constructor({ clock, profile, logLimit, memoryLimitBytes }: BrokerOptions) {
    this.clock = {
      now: () => clock.now(),
      at: (timeMs, run) => clock.at(timeMs, () => this.guarded(run)),
      stop: () => clock.stop(),
    }
    this.profile = profile
    this.#memoryLimitBytes = memoryLimitBytes
    this.log = new Log(() => clock.now(), logLimit)
    this.published = new Published(logLimit)
    this.access.setUser({ name: 'guest', password: 'guest', tags: 'administrator' })
    this.createVhost('/')
  }

  /** Creates a vhost in which guest may do everything, or returns the existing one. */
  createVhost(name: string): Vhost {
    const known = this.vhosts.get(name)
    if (known !== undefined) return known
    const { clock, profile, log } = this
    const vhost = new Vhost(name, { clock, profile, log, defer: (run) => this.#defer(run) })
    this.vhosts.set(name, vhost)
    this.access.setPermissions(name, 'guest', { configure: '.*', write: '.*', read: '.*' })
    return vhost
  }

  /** Deletes a vhost with its contents. @returns whether it existed */
  deleteVhost(name: string): boolean {
    const vhost = this.vhosts.get(name)
    if (vhost === undefined) return false
    this.vhosts.delete(name)
    this.access.deletePermissions(name)
    this.published.forgetVhost(name)
    for (const queue of [...vhost.queues.values()]) vhost.deleteQueue(queue)
    return true
  }

  /** Raises or clears the memory alarm, according to the bytes in all queues. */
  watchMemory(): void {
    let bytes = 0
    for (const { queues } of this.vhosts.values()) for (const queue of queues.values()) bytes += queue.bytes
    if (bytes > this.#memoryLimitBytes) this.alarms.raise('memory', 'limit')
    else this.alarms.clear('memory', 'limit')
  }

  /** Defers a function to a microtask. Functions that it defers itself run in the same one. */
  #defer(run: () => void): void {
    this.#deferred.push(run)
    if (this.#running) return
    this.#running = true
    queueMicrotask(() => this.runDeferred())
  }

  /** Whether a deferred function has not run yet. */
  get isBusy(): boolean {
    return this.#deferred.length > 0
  }

  /** Runs a function that no client waits for. An error goes to the log and ends nothing. */
  guarded(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.log.add({ kind: 'fault', what: error instanceof Error ? error.stack : String(error) })
    }
  }

  runDeferred(): void {
    this.#running = true
    for (let next = this.#deferred; next.length > 0; next = this.#deferred) {
      this.#deferred = []
      for (const run of next) this.guarded(run)
    }
    this.#running = false
  }
}
