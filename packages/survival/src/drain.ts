import { setTimeout as delay } from 'node:timers/promises'
import { connect } from 'amqplib'
import type { Stage } from './stage.js'

/** What is on its way between two queues comes within this. */
const QUIET_MS = 700
const LOOK_MS = 50

/** Empties every queue over a connection that has nothing to do with leveret, and notes what was there. */
export async function drain({ broker, management, vhost, ledger }: Stage): Promise<void> {
  const url = new URL(broker.url)
  url.pathname = `/${vhost}`
  const connection = await connect(url.href)
  try {
    const channel = await connection.createChannel()
    let lastAt = performance.now()
    // Consuming, because RabbitMQ refuses to hand out single messages of a queue with a single active consumer.
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
