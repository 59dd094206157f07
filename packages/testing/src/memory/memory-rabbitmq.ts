import { Management } from '@leveret/management'
import type { MemoryBroker, Version } from '@leveret/memory-broker'
import { NoBrokerError } from '../errors.js'
import type { RabbitMQ, RabbitMQNode, StartOptions } from '../rabbitmq.js'
import { configOf } from './memory-config.js'
import { memoryCtl } from './memory-ctl.js'
import { startMemoryBroker, type TestMemoryBroker } from './test-memory-broker.js'

const DEFAULT_LIKE: Version = '4.3'
const KNOWN: readonly Version[] = ['3.10', '4.0', '4.3']

/** Options that need a real broker. */
const BEYOND: readonly (keyof StartOptions)[] = ['plugins', 'tls', 'erlangArguments']

/**
 * Starts a broker in this process, with the interface of a real one.
 *
 * @throws {@link NoBrokerError} if an option needs a real broker
 */
export async function startMemoryRabbitMQ(options: StartOptions): Promise<RabbitMQ> {
  refuseMore(options)
  const broker = await startMemoryBroker({ like: versionOf(options.version), ...configOf(options.config ?? []) })
  const node = nodeOf(broker)
  const management = new Management([broker.managementUrl])
  const { url, managementUrl, version } = broker
  const rabbitmq: RabbitMQ = {
    ...node,
    driver: 'memory',
    version,
    urls: [url],
    management,
    nodes: [node],
    address: { url, managementUrl, driver: 'memory' },
    remove: () => broker.close(),
    [Symbol.asyncDispose]: () => broker.close(),
  }
  behind.set(rabbitmq, broker)
  return rabbitmq
}

/** Returns the broker in memory behind this interface; `undefined` for a real broker. */
export function memoryBehind(rabbitmq: RabbitMQ): TestMemoryBroker | undefined {
  return behind.get(rabbitmq)
}

const behind = new WeakMap<RabbitMQ, TestMemoryBroker>()

function nodeOf(broker: MemoryBroker): RabbitMQNode {
  return {
    name: 'rabbit@memory',
    url: broker.url,
    tlsUrl: undefined,
    managementUrl: broker.managementUrl,
    start: () => broker.start(),
    stop: () => broker.stop(),
    kill: () => broker.kill(),
    pause: async () => broker.pause(),
    resume: async () => broker.resume(),
    restart: async () => {
      await broker.stop()
      await broker.start()
    },
    ctl: async (...args) => memoryCtl(broker, args),
    log: async () => String(broker.log),
  }
}

function refuseMore(options: StartOptions): void {
  if ((options.nodes ?? 1) > 1)
    throw new NoBrokerError('A broker in memory has one node; use a real RabbitMQ for a cluster.')
  const asked = BEYOND.find((name) => hasAny(options[name]))
  if (asked !== undefined) throw new NoBrokerError(`A broker in memory does not support ${asked}; use a real RabbitMQ.`)
}

function hasAny(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined
}

/** Returns the profile for a wanted version: `'4'` and `'4.3.6'` mean `'4.3'`. */
function versionOf(wanted = process.env.LEVERET_RABBITMQ_VERSION || DEFAULT_LIKE): Version {
  const fitting = KNOWN.filter((known) => `${wanted}.`.startsWith(`${known}.`) || `${known}.`.startsWith(`${wanted}.`))
  const newest = fitting.at(-1)
  if (newest === undefined)
    throw new NoBrokerError(`A broker in memory cannot be RabbitMQ ${wanted}; it can be ${KNOWN.join(', ')}.`)
  return newest
}
