import type { TestProject } from 'vitest/node'
import { attachRabbitMQ } from '../attach.js'
import type { RabbitMQ } from '../rabbitmq.js'
import { startRabbitMQ } from '../start.js'
import './provided.js'

/**
 * Vitest's global set-up: one broker for the whole run, removed at its end.
 *
 * Attaches to the broker of `RABBITMQ_URL` if it is set. Its management API is at `RABBITMQ_MANAGEMENT_URL`, or else on
 * port 15672 of the same host. Without `RABBITMQ_URL`, starts a broker with {@link startRabbitMQ}.
 *
 * @returns the tear-down
 */
export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await sharedBroker(process.env)
  project.provide('leveretBroker', broker.address)
  process.stdout.write(`RabbitMQ ${broker.version} (${broker.driver})\n`)
  return () => broker.remove()
}

function sharedBroker(env: NodeJS.ProcessEnv): Promise<RabbitMQ> {
  const url = env.RABBITMQ_URL
  if (!url) return startRabbitMQ()
  return attachRabbitMQ({ url, managementUrl: env.RABBITMQ_MANAGEMENT_URL || undefined })
}
