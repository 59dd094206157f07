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

/** How long a recovery may take. After that, the run goes on without it. */
export const patienceMs = 90_000
const LOOK_MS = 20

/** Rights of the client's user: everything but to publish to one exchange. */
export const usualRights: Permissions = { configure: '.*', write: '^(?!forbidden$)', read: '.*' }

/** Load of the client: what it sends, and how much is in progress. */
export type Load = Pick<ClientSettings, 'senders' | 'pauseMs' | 'prefetch' | 'heartbeatMs' | 'publishTimeoutMs'>

/** Options of {@link Stage}. */
export interface StageOptions {
  readonly broker: RabbitMQ
  readonly directory: string
  readonly name: string
  readonly quick: boolean
  readonly random: Random
  readonly load: Load
  readonly goal?: Goal | undefined
  /** Whether the client connects to the nodes directly, without proxies. */
  readonly direct?: boolean | undefined
}

/** How much is to be done, if the command line says so. */
export interface Goal {
  readonly messages?: number | undefined
  readonly kills?: number | undefined
}

/** The place of one run: its own vhost and user, proxies that can fail, a ledger, and a client. */
export class Stage {
  readonly broker: RabbitMQ
  readonly vhost: string
  readonly user: { readonly name: string; password: string }
  readonly ledger: LedgerFile
  readonly random: Random
  readonly quick: boolean
  readonly load: Load
  readonly goal: Goal
  /** Proxies, one for each node of the broker. */
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

  /** Returns a duration: the short one in a quick run. */
  span(quickMs: number, fullMs: number): number {
    return this.quick ? quickMs : fullMs
  }

  /** Creates the vhost, and the user's rights in it. */
  async makeVhost(): Promise<void> {
    await this.management.createVhost(this.vhost)
    await this.setPassword(this.user.password)
    await this.management.setPermissions(this.vhost, this.user.name, usualRights)
  }

  /** Changes the user's password on the broker, and in `passwordFile`. */
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

  /** Notes a fault of the client, or of its broker. */
  strikes(fault: string): void {
    this.ledger.note('fault', fault)
  }

  /**
   * Notes that everything should work again from now on, and waits until it does, or time is up. The ledger keeps the
   * result.
   *
   * @param queues - queues that should work again; by default all
   */
  async recovers(fault: string, queues: readonly QueueName[] = []): Promise<void> {
    this.ledger.note('healed', fault, queues.join(','))
    const { marks } = this.ledger.read()
    const mark = marks.at(-1)
    await this.until(() => mark?.recoveryMs !== undefined, patienceMs)
  }

  /** Waits until every message has its result, or time is up. @returns whether every message has */
  async settles(timeoutMs: number): Promise<boolean> {
    return await this.until(() => openMessages(this.ledger.read()).length === 0, timeoutMs, 250)
  }

  /** Waits until the ledger fulfils a condition. @returns whether it did in time */
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

  /** Removes everything but the ledger. */
  async close(): Promise<void> {
    for (const proxy of this.proxies) await proxy.close()
    await this.management.deleteVhost(this.vhost)
    await this.management.deleteUser(this.user.name)
    this.ledger.close()
  }
}
