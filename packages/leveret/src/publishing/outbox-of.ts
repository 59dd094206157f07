import { type Connection, internalsOf } from '../connection/connection.js'
import { Outbox } from './outbox.js'

const outboxes = new WeakMap<Connection, Outbox>()

/** The one outbox of a connection: its bounds hold over all roles. */
export function outboxOf(connection: Connection): Outbox {
  const existing = outboxes.get(connection)
  if (existing !== undefined) return existing
  const outbox = new Outbox(internalsOf(connection))
  outboxes.set(connection, outbox)
  return outbox
}
