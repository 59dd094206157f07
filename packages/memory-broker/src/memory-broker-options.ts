import type { Version } from './broker/rules/profile.js'

/** Options of {@link startMemoryBroker}. */
export interface MemoryBrokerOptions {
  /** The version of RabbitMQ to behave like. @defaultValue '4.3' */
  readonly like?: Version | undefined
  /** Whether time passes by itself, or only through `MemoryBroker.advance`. @defaultValue 'real' */
  readonly clock?: 'real' | 'virtual' | undefined
  /** The port of AMQP; 0 for a free one. @defaultValue 0 */
  readonly port?: number | undefined
  /** The port of the management API; 0 for a free one. @defaultValue 0 */
  readonly managementPort?: number | undefined
  /** The interval of heartbeats that the broker offers, in seconds; 0 for none. @defaultValue 60 */
  readonly heartbeatSeconds?: number | undefined
  /** The most channels of a connection. @defaultValue 2047 */
  readonly channelMax?: number | undefined
  /** The largest frame, in bytes. @defaultValue 131072 */
  readonly frameMax?: number | undefined
  /** How many bytes of messages the broker holds before it blocks publishers. @defaultValue 536870912 */
  readonly memoryLimitBytes?: number | undefined
  /** How many entries `MemoryBroker.log` keeps; 0 for no log. @defaultValue 10000 */
  readonly logLimit?: number | undefined
  /** Whether transient queues that are not exclusive may be declared. @defaultValue as the version does */
  readonly transientQueues?: boolean | undefined
}
