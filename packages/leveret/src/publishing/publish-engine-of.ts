import { type Connection, internalsOf } from '../connection/connection.js'
import { PublishEngine } from './publish-engine.js'

const outboxes = new WeakMap<Connection, PublishEngine>()

/** The one outbox of a connection: its bounds hold over all roles. */
export function publishEngineOf(connection: Connection): PublishEngine {
  const existing = outboxes.get(connection)
  if (existing !== undefined) return existing
  const outbox = new PublishEngine(internalsOf(connection))
  outboxes.set(connection, outbox)
  return outbox
}
