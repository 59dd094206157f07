import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'amqplib'
import type { Stage } from './stage.js'

/** How long nothing may arrive before the queues count as empty. Messages between two queues take less. */
const QUIET_MS = 700
const LOOK_MS = 50

/** Empties every queue over a connection without leveret, and notes what was in it. */
export async function drain({ broker, management, vhost, ledger }: Stage): Promise<void> {
  const url = new URL(broker.url)
  url.pathname = `/${vhost}`
  const connection = await connect(url.href)
  try {
    const channel = await connection.createChannel()
    let lastAt = performance.now()
    // This consumes, because RabbitMQ refuses basic.get for a queue with a single active consumer.
    for (const { name } of await management.queues(vhost)) {
      const note = (message: { properties: { messageId?: unknown } } | null): void => {
        lastAt = performance.now()
        if (message !== null) ledger.note('stored', String(message.properties.messageId ?? 'unnamed'), name)
      }
      await channel.consume(name, note, { noAck: true })
    }
    while (performance.now() - lastAt < QUIET_MS) await delay(LOOK_MS)
  } finally {
    await connection.close()
  }
}
