import type { ConnectionInternals } from '../../connection/connection.js'
import type { LeveretError } from '../../errors/leveret-error.js'
import type { Publication } from './publication.js'

/** Options of {@link Writer}, with its callbacks to the publish engine. */
export interface WriterOptions {
  readonly internals: ConnectionInternals
  /** Called when a message that has waited for its turn was written. */
  leftQueue(publication: Publication): void
  /** Called when no queue took a message, so that its topology may be gone. */
  returned(publication: Publication): void
  /** Called when the broker denied messages of an exchange that it took before. It may deny them again. */
  denied(publications: readonly Publication[], reason: LeveretError): void
  /** Called when the channel has ended, and declarations may be gone. Both lists are in order. */
  interrupted(inFlight: readonly Publication[], waiting: readonly Publication[]): void
}
