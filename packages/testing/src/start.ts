import { Management } from '@leveret/management'
import { runCtl } from './ctl.js'
import { chooseDriver } from './driver.js'
import { NoBrokerError } from './errors.js'
import { startMemoryRabbitMQ } from './memory/memory-rabbitmq.js'
import type { NodeGroup, NodeProcess } from './node-process.js'
import type { RabbitMQ, RabbitMQNode, StartOptions } from './rabbitmq.js'
import { untilReady } from './readiness.js'
import { checkCertificates } from './tls.js'

/**
 * Starts a RabbitMQ for this caller only, and resolves when it is ready.
 *
 * With the driver `memory` it is a broker in this process that behaves like RabbitMQ. Otherwise it runs in a container
 * if a Docker engine answers, or else as a private node of the installed `rabbitmq-server`. It has free ports and its
 * own data. It is removed whatever happens to this process.
 *
 * @throws {@link NoBrokerError} if there is neither a Docker engine nor a `rabbitmq-server`
 * @throws {@link BrokerStartError} if it did not become ready; the message shows its log
 * @throws Error if `options.tls` is not PEM, or its key does not belong to its certificate
 */
export async function startRabbitMQ(options: StartOptions = {}): Promise<RabbitMQ> {
  if (options.tls !== undefined) checkCertificates(options.tls)
  const driver = await chooseDriver(options.driver)
  if (driver === 'memory') return startMemoryRabbitMQ(options)
  const group = await groupOf(driver, options)
  const nodes = group.nodes.map((node) => rabbitMQNode(node, group.nodes.length))
  try {
    await all(nodes, (node) => node.start())
    return await rabbitMQ(group, nodes)
  } catch (error) {
    await group.remove()
    throw error
  }
}

/** Loads a driver only when it is used: Testcontainers is large, and need not be installed. */
async function groupOf(driver: 'container' | 'local', options: StartOptions): Promise<NodeGroup> {
  if (driver === 'local') return (await import('./local/group.js')).localGroup(options)
  const { containerGroup } = await import('./container/group.js').catch((cause: unknown) => {
    throw new NoBrokerError('A container needs the package testcontainers; install it, or use another driver.', {
      cause,
    })
  })
  return containerGroup(options)
}

async function rabbitMQ(group: NodeGroup, nodes: readonly RabbitMQNode[]): Promise<RabbitMQ> {
  const [first, firstProcess] = [nodes[0], group.nodes[0]]
  if (first === undefined || firstProcess === undefined) throw new Error('A broker needs at least one node.')
  const { url, tlsUrl, managementUrl } = first
  const management = new Management(nodes.map((node) => node.managementUrl))
  const { rabbitmq_version: version } = await management.overview()
  return {
    driver: group.driver,
    version,
    url,
    tlsUrl,
    urls: nodes.map((node) => node.url),
    managementUrl,
    management,
    nodes,
    address: { url, tlsUrl, managementUrl, driver: group.driver, ctl: firstProcess.ctl },
    start: () => all(nodes, (node) => node.start()),
    stop: () => all(nodes, (node) => node.stop()),
    kill: () => all(nodes, (node) => node.kill()),
    pause: () => all(nodes, (node) => node.pause()),
    resume: () => all(nodes, (node) => node.resume()),
    restart: async () => {
      await all(nodes, (node) => node.stop())
      await all(nodes, (node) => node.start())
    },
    ctl: first.ctl,
    log: first.log,
    remove: group.remove,
    [Symbol.asyncDispose]: group.remove,
  }
}

function rabbitMQNode(node: NodeProcess, clusterSize: number): RabbitMQNode {
  const managementUrl = `http://guest:guest@${node.host}:${node.managementPort}`
  const management = new Management([managementUrl])
  let started = false
  const start = async () => {
    await node.launch()
    // Only the first start of a cluster waits for the other nodes. Later they may be down on purpose.
    await untilReady(node, management, started ? 1 : clusterSize)
    started = true
  }
  return {
    name: node.name,
    url: `amqp://guest:guest@${node.host}:${node.amqpPort}`,
    tlsUrl: node.tlsPort === undefined ? undefined : `amqps://guest:guest@${node.host}:${node.tlsPort}`,
    managementUrl,
    start,
    stop: () => node.stop(),
    kill: () => node.kill(),
    pause: () => node.pause(),
    resume: () => node.resume(),
    restart: async () => {
      await node.stop()
      await start()
    },
    ctl: (...args) => runCtl(node.ctl, args),
    log: () => node.log(),
  }
}

async function all(nodes: readonly RabbitMQNode[], act: (node: RabbitMQNode) => Promise<void>): Promise<void> {
  await Promise.all(nodes.map(act))
}
