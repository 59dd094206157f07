import type { BrokerAddress } from '../rabbitmq.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the run's broker, from the global set-up. */
    leveretBroker: BrokerAddress
  }
}
