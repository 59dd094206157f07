import { randomBytes } from 'node:crypto'
import { Network, type StartedNetwork } from 'testcontainers'
import { brokerConfig, enabledPlugins, erlangArguments } from '../broker-config.js'
import { NoBrokerError } from '../errors.js'
import type { NodeGroup } from '../node-process.js'
import type { StartOptions } from '../rabbitmq.js'
import { Reaper } from '../reaper/reaper.js'
import { dockerEngine, prepareTestcontainers } from './engine.js'
import { findImage } from './image.js'
import { type ContainerNode, createContainerNode, tlsListener } from './node.js'

/** Lets one command run the same tests against several versions. */
const defaultVersion = process.env.LEVERET_RABBITMQ_VERSION || '4'

/** Creates containers of RabbitMQ; several share a network and form a cluster. */
export async function containerGroup(options: StartOptions): Promise<NodeGroup> {
  const engine = await dockerEngine().catch((cause: unknown) => {
    throw new NoBrokerError('No Docker engine answers; start it, or use a local node.', { cause })
  })
  await prepareTestcontainers()
  const image = await findImage(engine, options.version ?? defaultVersion)
  const hostnames = Array.from({ length: options.nodes ?? 1 }, (_, index) => `leveret-${index + 1}`)
  const cluster = hostnames.map((hostname) => `rabbit@${hostname}`)
  const network = hostnames.length > 1 ? await new Network().start() : undefined
  const shared = {
    image: image.name,
    network,
    cookie: randomBytes(12).toString('hex'),
    config: configOf(options, image.version, cluster),
    enabledPlugins: enabledPlugins(options.plugins ?? []),
    certificates: options.tls,
    erlangArguments: erlangArguments(options.erlangArguments),
  }
  const reaper = new Reaper()
  if (network !== undefined) reaper.watch({ network: network.getId() })
  const created = hostnames.map((hostname) => createContainerNode(engine, { ...shared, hostname }, reaper))
  const nodes = await Promise.all(created).catch(async (error: unknown) => {
    const settled = await Promise.allSettled(created)
    await remove({ nodes: settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])), network, reaper })
    throw error
  })
  let removal: Promise<void> | undefined
  return {
    driver: 'container',
    nodes,
    remove: () => {
      removal ??= remove({ nodes, network, reaper })
      return removal
    },
  }
}

function configOf({ tls, config: more = [] }: StartOptions, version: string, cluster: readonly string[]): string {
  return brokerConfig({ version, tls: tls === undefined ? undefined : tlsListener, cluster, more })
}

interface Removal {
  readonly nodes: readonly ContainerNode[]
  readonly network: StartedNetwork | undefined
  readonly reaper: Reaper
}

async function remove({ nodes, network, reaper }: Removal): Promise<void> {
  await Promise.all(nodes.map((node) => node.remove()))
  await network?.stop()
  reaper.dismiss()
}
