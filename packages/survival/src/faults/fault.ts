import type { RabbitMQ } from '@leveret/testing'
import type { ClientSettings } from '../client/settings.js'
import type { Stage } from '../stage.js'

/** A fault of the client under test, or of its broker. */
export interface Fault {
  readonly name: string
  /** Description of the fault, in one line. */
  readonly summary: string
  /**
   * Effect on others. `wire` and `vhost` faults leave the broker to others; `broker` and `cluster` faults need a broker
   * of this program's own, to themselves.
   */
  readonly scope: 'wire' | 'vhost' | 'broker' | 'cluster'
  /**
   * Whether the fault begins with the start of a client, so that a client that runs for long cannot be exposed to it.
   */
  readonly atStart?: boolean
  /** Whether the client connects to the broker directly, without the proxy. */
  readonly direct?: boolean
  /** Further settings of the client. */
  readonly client?: (stage: Stage) => Partial<ClientSettings>
  /** The most bytes that the heap may grow, if that is less than usual. */
  readonly heapGrowthBytes?: number
  /** Says why this broker does not allow the fault; `undefined` if it does. */
  readonly impossible?: (broker: RabbitMQ) => string | undefined
  /** Starts the client, if that is part of the fault. */
  readonly begin?: (stage: Stage) => Promise<void>
  /** Causes the fault, ends it, and waits for the recovery; several times, if that is the point. */
  readonly strike: (stage: Stage) => Promise<void>
}

/** Causes a fault several times, and waits for the recovery each time. */
export async function repeatedly(
  stage: Stage,
  fault: string,
  times: number,
  act: (time: number) => Promise<void> | void,
): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    stage.strikes(fault)
    await act(time)
    await stage.recovers(fault)
  }
}
