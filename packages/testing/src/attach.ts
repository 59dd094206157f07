import { Management } from '@leveret/management'
import { runCtl } from './ctl.js'
import type { BrokerAddress, RabbitMQ, RabbitMQNode } from './rabbitmq.js'

/**
 * Uses a broker that another program started: its vhosts, users, queues and connections, but not its process.
 *
 * `stop`, `kill`, `pause` and similar methods throw. `ctl` works if the address says how. `remove` leaves the broker
 * running.
 *
 * @throws {@link ManagementError} if the management API refuses
 */
export async function attachRabbitMQ(address: BrokerAddress): Promise<RabbitMQ> {
  const { url, managementUrl = managementBeside(url) } = address
  const management = new Management([managementUrl])
  const { rabbitmq_version: version, node: name } = await management.overview()
  const node: RabbitMQNode = { name, url, tlsUrl: address.tlsUrl, managementUrl, ...controls(address) }
  return {
    ...node,
    driver: address.driver ?? 'attached',
    version,
    urls: [url],
    management,
    nodes: [node],
    address,
    remove: async () => {},
    [Symbol.asyncDispose]: async () => {},
  }
}

type Controls = Omit<RabbitMQNode, 'name' | 'url' | 'tlsUrl' | 'managementUrl'>

function controls(address: BrokerAddress): Controls {
  const refuse = (verb: string) => async () => {
    throw new Error(`Cannot ${verb} a shared broker; start a private one with startRabbitMQ().`)
  }
  const { ctl } = address
  return {
    start: refuse('start'),
    stop: refuse('stop'),
    kill: refuse('kill'),
    restart: refuse('restart'),
    pause: refuse('pause'),
    resume: refuse('resume'),
    ctl: ctl === undefined ? refuseCtl : (...args) => runCtl(ctl, args),
    log: async () => '',
  }
}

async function refuseCtl(): Promise<never> {
  throw new Error('Cannot run rabbitmqctl against a broker known by its URL only; use its management API.')
}

function managementBeside(amqpUrl: string): string {
  const url = new URL(amqpUrl)
  const credentials = url.username === '' ? '' : `${url.username}:${url.password}@`
  return `http://${credentials}${url.hostname}:15672`
}
