import type { RabbitMQ } from '@leveret/testing'
import type { ClientSettings } from '../client/settings.js'
import type { Stage } from '../stage.js'

/** Something that is done to the client under test, or to its broker. */
export interface Fault {
  readonly name: string
  /** What is done, in a line. */
  readonly summary: string
  /** `wire` and `vhost` leave the broker to others; `broker` and `cluster` need one of our own, to themselves. */
  readonly scope: 'wire' | 'vhost' | 'broker' | 'cluster'
  /** It begins with the start of a client, so it cannot be done to one that runs for long. */
  readonly atStart?: boolean
  /** The client goes to the broker itself, past the wire that can fail. */
  readonly direct?: boolean
  /** What the client is told besides. */
  readonly client?: (stage: Stage) => Partial<ClientSettings>
  /** How much the heap may grow, where that is less than usual. */
  readonly heapGrowthBytes?: number
  /** Why it cannot be done to this broker. */
  readonly impossible?: (broker: RabbitMQ) => string | undefined
  /** Starts the client, where that is part of the fault. */
  readonly begin?: (stage: Stage) => Promise<void>
  /** Does it, undoes it, and waits until all is well again; several times, where that is the point. */
  readonly strike: (stage: Stage) => Promise<void>
}

/** Does something several times, and waits each time until all goes on. */
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
