import type { ConnectionError } from '../errors/connection-error.js'
import type { LeveretError } from '../errors/leveret-error.js'
import type { LogLines } from '../log.js'
import type { LanePurpose } from './lanes/lane-state.js'

/** What happens to a connection. `lane` tells which of its two TCP connections: publishing or consuming. */
export interface ConnectionEvents {
  /** One of the two TCP connections is up: for the first time, or again. */
  readonly connected: { readonly lane: LanePurpose; readonly address: string; readonly brokerVersion: string }
  /** One of them is lost, and being restored. */
  readonly disconnected: { readonly lane: LanePurpose; readonly reason: LeveretError }
  /** A try to connect failed; the next follows by itself. */
  readonly 'connect-failed': { readonly lane: LanePurpose; readonly reason: ConnectionError; readonly attempt: number }
  /** The broker takes no publishes because of a memory or disk alarm. Consuming goes on. */
  readonly blocked: { readonly lane: LanePurpose; readonly reason: string }
  /** The alarm is over: the broker takes publishes again. */
  readonly unblocked: { readonly lane: LanePurpose }
  /** New credentials could not be had, or not be handed over. They are asked for again; the connection stands. */
  readonly 'credentials-failed': { readonly lane: LanePurpose; readonly reason: LeveretError }
  /**
   * This process did nothing else for so long that the broker may take it for dead: more than half a heartbeat. Something
   * computes, or reads and writes synchronously, on the main thread. Also a process warning, where there is no logger.
   */
  readonly 'event-loop-blocked': { readonly blockedMs: number; readonly heartbeatMs: number }
  /** `close` is done. */
  readonly closed: object
}

/** How they read in a log. */
export const connectionLines: LogLines<ConnectionEvents> = {
  connected: ({ lane, address, brokerVersion }) => [
    'info',
    `the ${lane} connection to ${address} is up (RabbitMQ ${brokerVersion})`,
  ],
  disconnected: ({ lane, reason }) => ['warn', `the ${lane} connection is being restored: ${reason.message}`],
  'connect-failed': ({ lane, reason, attempt }) => [
    isPowerOfTwo(attempt) ? 'warn' : 'debug',
    `attempt ${attempt} at the ${lane} connection failed: ${reason.message}`,
  ],
  blocked: ({ lane, reason }) => ['warn', `the broker takes no publishes (${lane} connection): ${reason}`],
  unblocked: ({ lane }) => ['info', `the broker takes publishes again (${lane} connection)`],
  'credentials-failed': ({ lane, reason }) => [
    'warn',
    `the credentials of the ${lane} connection were not renewed: ${reason.message}`,
  ],
  closed: () => ['info', 'closed'],
}

/** An outage of an hour is some ten lines, not thousands. */
function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count))
}
