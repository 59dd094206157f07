import type { FieldValue } from '@leveret/memory-broker/wire'
import type { Seen } from './lab.js'

/** An entry of `x-death`. */
export type DeathTable = Readonly<Record<string, FieldValue>>

/** Returns the entries of `x-death`. */
export function deaths(message: Seen | undefined): readonly DeathTable[] {
  const header = message?.headers['x-death']
  return Array.isArray(header) ? (header as DeathTable[]) : []
}

/** Returns reason, queue and count of the last death of a message. */
export function deathOf(message: Seen): unknown[] {
  const [death] = deaths(message)
  return [death?.reason, death?.queue, death?.count]
}
