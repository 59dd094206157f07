import { NoBrokerError, startRabbitMQ } from '@leveret/testing'

/** The broker that the demo talks to, and what to do with it afterwards. */
export interface DemoBroker extends AsyncDisposable {
  readonly url: string
  /** For the person who watches. Holds no password. */
  readonly description: string
}

/** What the person who watches is told of a broker in memory. */
const IN_MEMORY = 'no RabbitMQ found: on a broker in this process that behaves like 4.3, nothing is kept'

/** The broker named by RABBITMQ_URL, or one of our own, which is removed at the end. Where there is no RabbitMQ, it is in memory. */
export async function findBroker(): Promise<DemoBroker> {
  const url = process.env.RABBITMQ_URL
  if (url !== undefined && url !== '') {
    return { url, description: 'RabbitMQ as RABBITMQ_URL says', [Symbol.asyncDispose]: async () => undefined }
  }
  const broker = await startRabbitMQ().catch((error: unknown) => {
    if (error instanceof NoBrokerError && !insistsOnRabbitMQ())
      return startRabbitMQ({ driver: 'memory', version: '4.3' })
    throw error
  })
  return {
    url: broker.url,
    description:
      broker.driver === 'memory'
        ? IN_MEMORY
        : `RabbitMQ ${broker.version}, started for this demo (${broker.driver}), on ${new URL(broker.url).host}`,
    [Symbol.asyncDispose]: async () => await broker.remove(),
  }
}

/** `npm run demo -- --broker rabbitmq` */
function insistsOnRabbitMQ(): boolean {
  return process.argv.join(' ').includes('--broker rabbitmq')
}
