import { startRabbitMQ } from '@leveret/testing'

/** The broker that the demo talks to, and what to do with it afterwards. */
export interface DemoBroker extends AsyncDisposable {
  readonly url: string
  /** For the person who watches. Holds no password. */
  readonly description: string
}

/** The broker named by RABBITMQ_URL, or one of our own, which is removed at the end. */
export async function findBroker(): Promise<DemoBroker> {
  const url = process.env.RABBITMQ_URL
  if (url !== undefined && url !== '') {
    return { url, description: 'as RABBITMQ_URL says', [Symbol.asyncDispose]: async () => undefined }
  }
  const broker = await startRabbitMQ()
  return {
    url: broker.url,
    description: `${broker.version}, started for this demo (${broker.driver}), on ${new URL(broker.url).host}`,
    [Symbol.asyncDispose]: async () => await broker.remove(),
  }
}
