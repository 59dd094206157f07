import { isAtLeast, isOurs, maxMessageBytes } from '../broker.js'
import { type Fault, repeatedly } from './fault.js'

const BAD = 10

/** Fault: 404 on the channel that all publish through. */
export const missingExchange: Fault = {
  name: 'missing-exchange',
  summary: 'an exchange is deleted, and published to under load: 404 closes the channel that all senders share',
  scope: 'vhost',
  strike: async (stage) => {
    // This declares the exchange, so that the client does not declare it again.
    await stage.client.ask({ do: 'publish', exchange: 'missing', count: 1, bytes: 10 })
    await stage.management.deleteExchange(stage.vhost, 'missing')
    await repeatedly(stage, 'missing-exchange', stage.quick ? 3 : 20, async () => {
      await stage.client.ask({ do: 'publish', exchange: 'missing', count: BAD, bytes: 10 })
    })
  },
}

/** Fault: 406 on the channel that all publish through. */
export const tooLarge: Fault = {
  name: 'too-large',
  summary:
    'messages larger than the broker accepts are published under load: 406 closes the channel that all senders share',
  scope: 'vhost',
  impossible: (broker) => (isOurs(broker) ? undefined : 'the limit of a broker that is not ours is not known'),
  strike: async (stage) => {
    await repeatedly(stage, 'too-large', stage.quick ? 2 : 10, async () => {
      await stage.client.ask({ do: 'publish', exchange: 'large', count: 2, bytes: 2 * maxMessageBytes })
    })
  },
}

/** Fault: 403 on the channel that all publish through. */
export const forbidden: Fault = {
  name: 'forbidden',
  summary:
    'an exchange without the right to write is published to under load: 403 closes the channel that all senders share',
  scope: 'vhost',
  strike: async (stage) => {
    await repeatedly(stage, 'forbidden', stage.quick ? 3 : 20, async () => {
      await stage.client.ask({ do: 'publish', exchange: 'forbidden', count: BAD, bytes: 10 })
    })
  },
}

/** Fault: the broker cancels a consumer, or closes its channel. */
export const consumerTimeout: Fault = {
  name: 'consumer-timeout',
  summary:
    'a handler takes longer than the broker waits for an ack: 4.3 cancels the consumer, older versions close its channel with 406',
  scope: 'broker',
  atStart: true,
  client: (stage) => ({ consumerTimeoutMs: stage.span(3_000, 60_000) }),
  begin: async (stage) => {
    const { broker } = stage
    const timeoutMs = stage.span(3_000, 60_000)
    // Older brokers have one timeout for all queues, and a channel reads it when it is opened.
    if (!isAtLeast(broker.version, 4, 3)) await setTimeoutOfAll(broker, timeoutMs)
    await stage.startClient({ consumerTimeoutMs: timeoutMs }).ready()
  },
  strike: async (stage) => {
    stage.strikes('consumer-timeout')
    const lost = stage.ledger.read().counts.stale
    await stage.client.ask({ do: 'hang' })
    await stage.until(() => stage.ledger.ledger.counts.stale > lost, 180_000)
    if (!isAtLeast(stage.broker.version, 4, 3)) await setTimeoutOfAll(stage.broker, USUAL_TIMEOUT_MS)
    await stage.recovers('consumer-timeout')
  },
}

const USUAL_TIMEOUT_MS = 1_800_000

async function setTimeoutOfAll(broker: { ctl(...args: string[]): Promise<string> }, ms: number): Promise<void> {
  await broker.ctl('eval', `application:set_env(rabbit, consumer_timeout, ${ms}).`)
}
