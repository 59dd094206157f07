import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, type FaultProxy, type Permissions, type RabbitMQ, startFaultProxy } from '@leveret/testing'
import type { ClientSettings } from './client/settings.js'
import { ClientProcess } from './client-process.js'
import { openMessages } from './ledger/account.js'
import { LedgerFile } from './ledger/ledger-file.js'
import type { QueueName } from './ledger/message.js'
import type { Random } from './random.js'

/** How long it may take until all goes on after a fault; then the run goes on all the same. */
export const patienceMs = 90_000
const LOOK_MS = 20

/** What a user of the client's may do: everything but publish to one exchange. */
export const usualRights: Permissions = { configure: '.*', write: '^(?!forbidden$)', read: '.*' }

/** What the client sends, and how much is in hand. */
export type Load = Pick<ClientSettings, 'senders' | 'pauseMs' | 'prefetch' | 'heartbeatMs' | 'publishTimeoutMs'>

/** What a stage is set up with. */
export interface StageOptions {
  readonly broker: RabbitMQ
  readonly directory: string
  readonly name: string
  readonly quick: boolean
  readonly random: Random
  readonly load: Load
  readonly goal?: Goal | undefined
  /** The client goes to the nodes themselves, and no wire can fail. */
  readonly direct?: boolean | undefined
}

/** How much is to be done, where that is asked for. */
export interface Goal {
  readonly messages?: number | undefined
  readonly kills?: number | undefined
}

/** Where one run takes place: a vhost and a user of its own, a wire that can fail, a ledger, and a client. */
export class Stage {
  readonly broker: RabbitMQ
  readonly vhost: string
  readonly user: { readonly name: string; password: string }
  readonly ledger: LedgerFile
  readonly random: Random
  readonly quick: boolean
  readonly load: Load
  readonly goal: Goal
  /** One for each node of the broker. */
  readonly proxies: readonly FaultProxy[]
  readonly passwordFile: string
  readonly #direct: boolean
  #client: ClientProcess | undefined
  #runs = 0

  private constructor(options: StageOptions, proxies: readonly FaultProxy[]) {
    const { broker, directory, name, quick, random, load, goal = {}, direct = false } = options
    const unique = randomUUID()
    this.broker = broker
    this.vhost = `survival-${name}-${unique}`
    this.user = { name: `survivor-${unique}`, password: 'first' }
    this.ledger = new LedgerFile(join(directory, `${name}.ledger`))
    this.random = random
    this.quick = quick
    this.load = load
    this.goal = goal
    this.#direct = direct
    this.proxies = proxies
    this.passwordFile = join(directory, `${name}.password`)
  }

  static async open(options: StageOptions): Promise<Stage> {
    const proxies = await Promise.all(options.broker.urls.map((to) => startFaultProxy({ to })))
    const stage = new Stage(options, proxies)
    await stage.makeVhost()
    return stage
  }

  /** The client that runs, or ran last. */
  get client(): ClientProcess {
    if (this.#client === undefined) throw new Error('The client has not been started.')
    return this.#client
  }

  get management(): RabbitMQ['management'] {
    return this.broker.management
  }

  /** A duration: short where the whole run is to be short. */
  span(quickMs: number, fullMs: number): number {
    return this.quick ? quickMs : fullMs
  }

  /** Makes the vhost, and the user's rights in it. */
  async makeVhost(): Promise<void> {
    await this.management.createVhost(this.vhost)
    await this.setPassword(this.user.password)
    await this.management.setPermissions(this.vhost, this.user.name, usualRights)
  }

  /** Changes the user's password at the broker; who asks `passwordFile` learns it. */
  async setPassword(password: string): Promise<void> {
    await this.management.createUser(this.user.name, password)
    this.user.password = password
    writeFileSync(this.passwordFile, password)
  }

  /** Starts a client, without waiting for it. */
  startClient(special: Partial<ClientSettings> = {}): ClientProcess {
    const own = (url: string): string => {
      const changed = new URL(url)
      changed.username = this.user.name
      changed.password = this.user.password
      changed.pathname = `/${this.vhost}`
      return changed.href
    }
    this.#runs += 1
    const settings: ClientSettings = {
      run: String(this.#runs),
      ledgerPath: this.ledger.path,
      urls: (this.#direct ? this.broker.urls : this.proxies.map(({ url }) => url)).map(own),
      directUrls: this.broker.urls.map(own),
      username: this.user.name,
      ...this.load,
      ...special,
    }
    this.#client = new ClientProcess(settings, this.ledger)
    return this.#client
  }

  /** Notes that something is done to the client, or to its broker. */
  strikes(fault: string): void {
    this.ledger.note('fault', fault)
  }

  /**
   * Notes that all should be well from now on, and waits until it is, or until patience ends: the ledger tells.
   *
   * @param queues - those that should be; by default all
   */
  async recovers(fault: string, queues: readonly QueueName[] = []): Promise<void> {
    this.ledger.note('healed', fault, queues.join(','))
    const { marks } = this.ledger.read()
    const mark = marks.at(-1)
    await this.until(() => mark?.recoveryMs !== undefined, patienceMs)
  }

  /** Waits until every message has come to its end, or time is up. @returns whether it has */
  async settles(timeoutMs: number): Promise<boolean> {
    return await this.until(() => openMessages(this.ledger.read()).length === 0, timeoutMs, 250)
  }

  /** Waits for something that the ledger tells. @returns whether it came */
  async until(isSo: () => boolean, timeoutMs: number, intervalMs = LOOK_MS): Promise<boolean> {
    const look = (): void => {
      this.ledger.read()
      if (!isSo()) throw new Error('not yet')
    }
    return await eventually(look, { timeoutMs, intervalMs }).then(
      () => true,
      () => false,
    )
  }

  /** Takes everything away, but the ledger. */
  async close(): Promise<void> {
    for (const proxy of this.proxies) await proxy.close()
    await this.management.deleteVhost(this.vhost)
    await this.management.deleteUser(this.user.name)
    this.ledger.close()
  }
}
