import { randomUUID } from 'node:crypto'
import { attachRabbitMQ, type RabbitMQ, startRabbitMQ } from '@leveret/testing'

/** Finds the broker named by RABBITMQ_URL, or starts one. Disposing removes what was started. */
export async function findBroker(): Promise<RabbitMQ> {
  const { RABBITMQ_URL, RABBITMQ_MANAGEMENT_URL } = process.env
  if (!RABBITMQ_URL) return await startRabbitMQ()
  return await attachRabbitMQ({ url: RABBITMQ_URL, managementUrl: RABBITMQ_MANAGEMENT_URL || undefined })
}

/** A vhost for one measurement. Disposing deletes it. */
export interface Vhost extends AsyncDisposable {
  /** URL of the broker with this vhost. */
  readonly url: string
}

/** Creates a vhost with a new name. */
export async function createVhost({ management, url }: Pick<RabbitMQ, 'management' | 'url'>): Promise<Vhost> {
  const name = `leveret-bench-${randomUUID()}`
  const inside = new URL(url)
  await management.createVhost(name, decodeURIComponent(inside.username) || 'guest')
  inside.pathname = `/${name}`
  return { url: inside.href, [Symbol.asyncDispose]: () => management.deleteVhost(name) }
}
