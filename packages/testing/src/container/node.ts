import { stripVTControlCharacters } from 'node:util'
import { type ContainerRuntimeClient, GenericContainer, type StartedNetwork, Wait } from 'testcontainers'
import type { NodePorts, NodeProcess } from '../node-process.js'
import { freeNodePorts } from '../ports.js'
import type { CtlAddress } from '../rabbitmq.js'
import type { Reaper } from '../reaper/reaper.js'
import { type BrokerCertificates, certificateFiles, type TlsListener } from '../tls.js'

/** Settings of one node in a container. */
export interface ContainerNodeSettings {
  readonly image: string
  /** Host name of the container; the node is `rabbit@` this name. */
  readonly hostname: string
  readonly network: StartedNetwork | undefined
  readonly cookie: string
  readonly config: string
  readonly enabledPlugins: string
  readonly certificates: BrokerCertificates | undefined
  readonly erlangArguments: string
}

/** TLS listener of a node, as seen from inside its container. */
export const tlsListener: TlsListener = { listener: '5671', directory: '/etc/rabbitmq/tls' }

/** How long a node may take to shut down in order before Docker kills it. */
const stopTimeoutSeconds = 60

/** Creates a node's container and starts it, so that its ports are bound. The node may not be ready yet. */
export async function createContainerNode(
  engine: ContainerRuntimeClient,
  settings: ContainerNodeSettings,
  reaper: Reaper,
): Promise<ContainerNode> {
  // After a restart Docker assigns other ports unless they are fixed, but clients must find their broker again.
  const ports = await freeNodePorts({ tls: settings.certificates })
  const id = await run(settings, ports)
  reaper.watch({ container: id })
  return new ContainerNode(engine, { id, ...settings, ...ports })
}

/** A RabbitMQ in a container. Stopping and killing keep the container, with its data and its ports. */
export class ContainerNode implements NodeProcess {
  readonly name: string
  readonly host: string
  readonly amqpPort: number
  readonly managementPort: number
  readonly tlsPort: number | undefined
  readonly ctl: CtlAddress
  readonly #container: ReturnType<ContainerRuntimeClient['container']['getById']>

  constructor(engine: ContainerRuntimeClient, made: NodePorts & { id: string; hostname: string; cookie: string }) {
    const { host } = engine.info.containerRuntime
    this.name = `rabbit@${made.hostname}`
    this.host = host === 'localhost' ? '127.0.0.1' : host
    this.amqpPort = made.amqpPort
    this.managementPort = made.managementPort
    this.tlsPort = made.tlsPort
    this.ctl = { container: made.id, cookie: made.cookie }
    this.#container = engine.container.getById(made.id)
  }

  async launch(): Promise<void> {
    if (!(await this.isRunning())) await this.#container.start()
  }

  async stop(): Promise<void> {
    await this.resume()
    if (await this.isRunning()) await this.#container.stop({ t: stopTimeoutSeconds })
  }

  async kill(): Promise<void> {
    await this.resume()
    if (!(await this.isRunning())) return
    await this.#container.kill()
    await this.#container.wait()
  }

  async pause(): Promise<void> {
    const { Running, Paused } = await this.#state()
    if (Running && !Paused) await this.#container.pause()
  }

  async resume(): Promise<void> {
    if ((await this.#state()).Paused) await this.#container.unpause()
  }

  async isRunning(): Promise<boolean> {
    return (await this.#state()).Running
  }

  async log(): Promise<string> {
    const log = await this.#container.logs({ stdout: true, stderr: true })
    return stripVTControlCharacters(withoutFrames(log))
  }

  /** Deletes the container with its volumes, whether it runs or not. Does nothing if it is gone. */
  async remove(): Promise<void> {
    await this.#container.remove({ force: true, v: true }).catch((error: unknown) => {
      if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return
      throw error
    })
  }

  async #state(): Promise<{ Running: boolean; Paused: boolean }> {
    return (await this.#container.inspect()).State
  }
}

async function run(settings: ContainerNodeSettings, ports: NodePorts): Promise<string> {
  const container = new GenericContainer(settings.image)
    .withHostname(settings.hostname)
    .withExposedPorts({ container: 5672, host: ports.amqpPort }, { container: 15672, host: ports.managementPort })
    .withEnvironment({
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `${settings.erlangArguments} -setcookie ${settings.cookie}`,
    })
    .withCopyContentToContainer([
      { target: '/etc/rabbitmq/conf.d/90-leveret.conf', content: settings.config, mode: 0o644 },
      { target: '/etc/rabbitmq/enabled_plugins', content: settings.enabledPlugins, mode: 0o644 },
    ])
    .withCopyContentToContainer(certificatesIn(settings.certificates))
    // The readiness of the broker is checked later, in the same way for all drivers.
    .withWaitStrategy(Wait.forLogMessage(/./))
  if (ports.tlsPort !== undefined) container.withExposedPorts({ container: 5671, host: ports.tlsPort })
  if (settings.network !== undefined) container.withNetwork(settings.network).withNetworkAliases(settings.hostname)
  return (await container.start()).getId()
}

/**
 * Returns the certificate files. Every user in the container may read them, because only the image knows the number of
 * RabbitMQ's user.
 */
function certificatesIn(certificates: BrokerCertificates | undefined) {
  if (certificates === undefined) return []
  return certificateFiles(certificates).map(({ name, content }) => ({
    target: `${tlsListener.directory}/${name}`,
    content,
    mode: 0o644,
  }))
}

/** Removes the frames in which Docker sends a log. Each has a head of eight bytes: stream, three zeros, length. */
function withoutFrames(log: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at + 8 <= log.length; ) {
    const length = log.readUInt32BE(at + 4)
    parts.push(log.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(parts).toString('utf8')
}
