import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'
import type { NodePorts, NodeProcess } from '../node-process.js'
import type { CtlAddress } from '../rabbitmq.js'
import type { Reaper } from '../reaper/reaper.js'
import { type BrokerCertificates, certificateFiles } from '../tls.js'
import { whenStopped } from './stopped.js'

/** Settings of one private node. */
export interface LocalNodeSettings extends NodePorts {
  readonly name: string
  /** Folder of `rabbitmq-server` and `rabbitmqctl`. */
  readonly programs: string
  /** Folder of the node's own files. */
  readonly directory: string
  /** Folder of the Erlang cookie that the nodes of a cluster share. */
  readonly home: string
  readonly distributionPort: number
  readonly epmdPort: number
  readonly config: string
  readonly enabledPlugins: string
  readonly certificates: BrokerCertificates | undefined
  readonly erlangArguments: string
}

/** How long a node may take to shut down in order before it is killed. */
const stopTimeoutMs = 60_000

/** A `rabbitmq-server` as a child process. It shares nothing with a RabbitMQ of the system. */
export class LocalNode implements NodeProcess {
  readonly name: string
  readonly host = '127.0.0.1'
  readonly amqpPort: number
  readonly managementPort: number
  readonly tlsPort: number | undefined
  readonly ctl: CtlAddress
  readonly #settings: LocalNodeSettings
  readonly #reaper: Reaper
  #server: ChildProcess | undefined

  constructor(settings: LocalNodeSettings, reaper: Reaper) {
    this.name = settings.name
    this.amqpPort = settings.amqpPort
    this.managementPort = settings.managementPort
    this.tlsPort = settings.tlsPort
    this.ctl = { program: join(settings.programs, 'rabbitmqctl'), env: environment(settings) }
    this.#settings = settings
    this.#reaper = reaper
  }

  async launch(): Promise<void> {
    if (this.#server !== undefined) return
    const { directory, programs } = this.#settings
    await writeFiles(this.#settings)
    const log = await open(logFile(directory), 'a')
    // A session of its own: Ctrl-C in the terminal must reach only the tests, which then remove the broker in order.
    const server = spawn(join(programs, 'rabbitmq-server'), [], {
      cwd: directory,
      env: { ...inherited(), ...environment(this.#settings) },
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    })
    await once(server, 'spawn').finally(() => log.close())
    server.unref()
    this.#server = server
    this.#reaper.watch({ pid: pidOf(server) })
    server.once('exit', () => {
      this.#server = undefined
      this.#reaper.forget({ pid: pidOf(server) })
    })
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async pause(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    server.kill('SIGSTOP')
    await whenStopped(pidOf(server))
  }

  async resume(): Promise<void> {
    this.#server?.kill('SIGCONT')
  }

  async isRunning(): Promise<boolean> {
    return this.#server !== undefined
  }

  async log(): Promise<string> {
    return stripVTControlCharacters(await readFile(logFile(this.#settings.directory), 'utf8').catch(() => ''))
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    const ended = new AbortController()
    const exit = once(server, 'exit').finally(() => ended.abort())
    // The child was unreferenced, and must keep the event loop alive until its end.
    server.ref()
    server.kill(signal)
    // A paused process reacts to SIGTERM only when it continues.
    if (signal === 'SIGTERM') server.kill('SIGCONT')
    const late = delay(stopTimeoutMs, undefined, { signal: ended.signal }).then(
      () => server.kill('SIGKILL'),
      () => {},
    )
    await Promise.all([exit, late])
  }
}

function environment(settings: LocalNodeSettings): Record<string, string> {
  const inside = (name: string) => join(settings.directory, name)
  return {
    HOME: settings.home,
    ERL_EPMD_PORT: String(settings.epmdPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: settings.name,
    RABBITMQ_DIST_PORT: String(settings.distributionPort),
    RABBITMQ_MNESIA_BASE: inside('data'),
    RABBITMQ_LOG_BASE: inside('log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_PID_FILE: inside('pid'),
    RABBITMQ_CONFIG_FILE: inside('rabbitmq.conf'),
    RABBITMQ_CONFIG_FILES: inside('conf.d'),
    RABBITMQ_ADVANCED_CONFIG_FILE: inside('advanced.config'),
    RABBITMQ_CONF_ENV_FILE: inside('rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: inside('enabled_plugins'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `${settings.erlangArguments} -kernel inet_dist_use_interface {127,0,0,1}`,
    // Makes the script become the Erlang VM instead of waiting beside it: signals then reach the broker itself.
    RUNNING_UNDER_SYSTEMD: 'true',
  }
}

/** Returns the environment without the settings of a RabbitMQ of the system. */
function inherited(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(RABBITMQ_|ERL_|NOTIFY_SOCKET$)/.test(name))
  return Object.fromEntries(own)
}

async function writeFiles({ directory, config, enabledPlugins, certificates }: LocalNodeSettings): Promise<void> {
  await mkdir(directory, { recursive: true })
  await writeFile(join(directory, 'rabbitmq.conf'), config)
  await writeFile(join(directory, 'enabled_plugins'), enabledPlugins)
  await writeFile(join(directory, 'rabbitmq-env.conf'), '')
  if (certificates === undefined) return
  for (const { name, content } of certificateFiles(certificates)) {
    await writeFile(join(directory, name), content, { mode: 0o600 })
  }
}

function logFile(directory: string): string {
  return join(directory, 'node.log')
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('A process that was spawned has no pid.')
  return child.pid
}
