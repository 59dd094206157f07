import { Management } from '@leveret/management'
import type { Connection, ConnectOptions } from 'leveret'
import { askPassword } from '../terminal/ask.js'
import type { Terminal } from '../terminal/terminal.js'
import { DEFAULT_URL, describeTarget, managementUrl, readTarget, type Target } from './target.js'

/** Options that locate the broker. */
export interface BrokerOptions {
  readonly url?: string | undefined
  readonly management?: string | undefined
  readonly askPassword?: boolean | undefined
}

/** How long to try to reach a broker, in milliseconds. */
const STARTUP_TIMEOUT_MS = 5_000

/** The broker of one command. Connections are opened on demand. */
export class Session implements AsyncDisposable {
  readonly target: Target
  readonly management: Management
  /** The place of the broker for people: `ann@broker:5672/shop`. */
  readonly place: string
  readonly #terminal: Terminal
  readonly #opened: Connection[] = []

  private constructor(terminal: Terminal, target: Target, management: string) {
    this.#terminal = terminal
    this.target = target
    this.place = describeTarget(target)
    this.management = new Management([management])
  }

  /** Reads the place of the broker, and asks for the password if an option says so. */
  static async of(terminal: Terminal, options: BrokerOptions): Promise<Session> {
    const given = readTarget(options.url ?? (terminal.env.RABBITMQ_URL || DEFAULT_URL))
    const password = options.askPassword
      ? await askPassword(terminal, `Password of ${describeTarget(given)}: `)
      : given.password
    const api = options.management ?? (terminal.env.RABBITMQ_MANAGEMENT_URL || undefined)
    const target = { ...given, password }
    terminal.hide(password)
    const url = managementUrl(target, api)
    terminal.hide(decodeURIComponent(new URL(url).password))
    return new Session(terminal, target, url)
  }

  get vhost(): string {
    return this.target.vhost
  }

  /** Connects. By default nothing is declared, and a missing queue or exchange is an error. */
  async connect(options: ConnectOptions = {}): Promise<Connection> {
    const { url, username, password } = this.target
    const { connect } = await import('leveret')
    const connecting = connect(url, {
      name: `leveret-cli ${process.pid}`,
      startupTimeoutMs: STARTUP_TIMEOUT_MS,
      connectTimeoutMs: STARTUP_TIMEOUT_MS,
      topology: 'check',
      credentials: { username, password },
      ...options,
    })
    connecting.catch((error: unknown) => {
      // RabbitMQ closes a connection to a wrong port, or says nothing, so the error cannot say what is wrong.
      if (Object(error).reason === 'timeout') this.announce(`no answer. Is ${this.target.port} the port of AMQP?`)
    })
    const connection = await connecting
    this.#opened.push(connection)
    return connection
  }

  /** Announces an action, and the broker that it is for. */
  announce(what: string): void {
    this.#terminal.say(`${this.place}: ${what}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#opened.map(async (connection) => await connection.close({ timeoutMs: 5_000 })))
  }
}
