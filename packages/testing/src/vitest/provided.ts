import type { BrokerAddress } from '../rabbitmq.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** What the global set-up tells the tests: where the run's broker is. */
    leveretBroker: BrokerAddress
  }
}
