import type { OtherTracers } from '../amqp/other-tracers.js'
import type { Log } from '../log.js'
import type { ConnectSettings } from './connect-options.js'
import type { Lane } from './lanes/lane.js'
import type { Resident } from './resident.js'
import type { Room } from './room.js'

/** What roles and engines need of a connection and users do not. */
export interface ConnectionInternals {
  readonly name: string
  readonly log: Log
  readonly settings: ConnectSettings
  readonly publishLane: Lane
  readonly consumeLane: Lane
  readonly tracers: OtherTracers
  /** For what waits to be published. */
  readonly room: Room
  /** @throws {@link ClosedError} when the connection is closing or closed */
  assertOpen(): void
  /** Health and close reach it from now on. @returns a function that takes it off again */
  register(resident: Resident): () => void
}
