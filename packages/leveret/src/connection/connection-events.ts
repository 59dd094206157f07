import type { ConnectionError } from '../errors/connection-error.js'
import type { LeveretError } from '../errors/leveret-error.js'
import type { LogLines } from '../log.js'
import type { LanePurpose } from './lanes/lane-state.js'

/** Events of a connection. `lane` names one of its two TCP connections: publishing or consuming. */
export interface ConnectionEvents {
  /** One of the two TCP connections is up: for the first time, or again. */
  readonly connected: { readonly lane: LanePurpose; readonly address: string; readonly brokerVersion: string }
  /** One of them is lost, and being restored. */
  readonly disconnected: { readonly lane: LanePurpose; readonly reason: LeveretError }
  /** An attempt to connect failed. The next one follows by itself. */
  readonly 'connect-failed': { readonly lane: LanePurpose; readonly reason: ConnectionError; readonly attempt: number }
  /** The broker accepts no publishes because of a memory or disk alarm. Consuming continues. */
  readonly blocked: { readonly lane: LanePurpose; readonly reason: string }
  /** The alarm is over: the broker accepts publishes again. */
  readonly unblocked: { readonly lane: LanePurpose }
  /**
   * The provider gave no new credentials, or the broker did not take them. leveret tries again; the connection stays
   * open.
   */
  readonly 'credentials-failed': { readonly lane: LanePurpose; readonly reason: LeveretError }
  /**
   * The event loop was blocked for more than half a heartbeat, so that the broker may take this process for dead. Some
   * code on the main thread computes for long, or reads and writes synchronously. Without a logger this is also a
   * process warning.
   */
  readonly 'event-loop-blocked': { readonly blockedMs: number; readonly heartbeatMs: number }
  /** `close` is done. */
  readonly closed: object
}

/** Log lines of {@link ConnectionEvents}. */
export const connectionLines: LogLines<ConnectionEvents> = {
  connected: ({ lane, address, brokerVersion }) => [
    'info',
    `the ${lane} connection to ${address} is up (RabbitMQ ${brokerVersion})`,
  ],
  disconnected: ({ lane, reason }) => [
    'warn',
    `the ${lane} connection was lost and is being restored: ${reason.message}`,
  ],
  'connect-failed': ({ lane, reason, attempt }) => [
    isPowerOfTwo(attempt) ? 'warn' : 'debug',
    `attempt ${attempt} to open the ${lane} connection failed: ${reason.message}`,
  ],
  blocked: ({ lane, reason }) => ['warn', `the broker accepts no publishes (${lane} connection): ${reason}`],
  unblocked: ({ lane }) => ['info', `the broker accepts publishes again (${lane} connection)`],
  'credentials-failed': ({ lane, reason }) => [
    'warn',
    `the credentials of the ${lane} connection were not renewed: ${reason.message}`,
  ],
  closed: () => ['info', 'closed'],
}

/** Whether an attempt is logged as a warning. An outage of an hour then makes some ten lines, not thousands. */
function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count))
}
