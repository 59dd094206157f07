import { NoBrokerError, startRabbitMQ } from '@leveret/testing'

/** The broker of the demo. Disposing removes it if the demo started it. */
export interface DemoBroker extends AsyncDisposable {
  readonly url: string
  /** Description for the person who watches. Holds no password. */
  readonly description: string
}

/** Description of a broker in memory, for the person who watches. */
const IN_MEMORY = 'no RabbitMQ found: using a broker in memory that behaves like RabbitMQ 4.3; nothing is kept'

/**
 * Finds the broker named by RABBITMQ_URL, or starts one, which is removed at the end. Without RabbitMQ on the machine,
 * the broker is in memory.
 */
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

/** Whether the command line insists on RabbitMQ: `npm run demo -- --broker rabbitmq`. */
function insistsOnRabbitMQ(): boolean {
  return process.argv.join(' ').includes('--broker rabbitmq')
}
