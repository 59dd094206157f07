import { NoBrokerError } from './errors.js'
import { findServer } from './local/server.js'
import type { StartOptions } from './rabbitmq.js'

/**
 * Decides how to start a broker.
 *
 * @throws {@link NoBrokerError} if no driver is available
 */
export async function chooseDriver(wanted: StartOptions['driver']): Promise<'container' | 'local' | 'memory'> {
  const asked = wanted ?? askedByEnvironment()
  if (asked !== undefined) return asked
  const [first] = await availableDrivers()
  if (first !== undefined) return first
  throw new NoBrokerError(
    'No RabbitMQ can be started: no Docker engine answers and no rabbitmq-server is installed. ' +
      'Start Docker, install RabbitMQ (https://www.rabbitmq.com/docs/download), or set RABBITMQ_URL to the URL of a broker.',
  )
}

/** Finds the drivers that are available on this machine, the preferred one first. */
export async function availableDrivers(): Promise<('container' | 'local')[]> {
  const container = (await engineAnswers()) ? ['container' as const] : []
  const local = (await findServer()) === undefined ? [] : ['local' as const]
  return [...container, ...local]
}

/** Whether a Docker engine answers. Testcontainers is loaded only here, and need not be installed. */
async function engineAnswers(): Promise<boolean> {
  const engine = await import('./container/engine.js').catch(() => undefined)
  return (await engine?.engineAnswers()) ?? false
}

function askedByEnvironment(): 'container' | 'local' | 'memory' | undefined {
  const asked = process.env.LEVERET_BROKER
  if (asked === undefined || asked === '') return undefined
  if (asked === 'container' || asked === 'local' || asked === 'memory') return asked
  throw new Error(`LEVERET_BROKER is ${JSON.stringify(asked)}; it must be container, local or memory.`)
}
