/** Types for the used parts of rascal, which comes without types. */
declare module 'rascal' {
  import type { EventEmitter } from 'node:events'

  export interface Subscription extends EventEmitter {
    cancel(): Promise<void>
  }

  export interface Broker extends EventEmitter {
    publish(publication: string, payload: unknown): Promise<EventEmitter>
    subscribe(subscription: string, options: { readonly prefetch: number }): Promise<Subscription>
    shutdown(): Promise<void>
  }

  const rascal: {
    readonly BrokerAsPromised: { create(config: unknown): Promise<Broker> }
    withDefaultConfig(config: unknown): unknown
  }
  export default rascal
}
