import { type Connection, internalsOf } from '../../connection/connection.js'
import { PublishEngine } from './publish-engine.js'

const engines = new WeakMap<Connection, PublishEngine>()

/** Returns the one publish engine of a connection, because its bounds hold over all roles. */
export function publishEngineOf(connection: Connection): PublishEngine {
  const existing = engines.get(connection)
  if (existing !== undefined) return existing
  const engine = new PublishEngine(internalsOf(connection))
  engines.set(connection, engine)
  return engine
}
