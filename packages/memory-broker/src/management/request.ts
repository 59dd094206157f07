import type { Broker } from '../broker/broker.js'
import type { Vhost } from '../broker/vhost.js'
import type { Sessions } from '../sessions.js'
import { fromByteText } from '../wire/byte-text.js'
import { FieldTable } from '../wire/field-table.js'
import { notFound } from './http-error.js'

/** A request of the management API. */
export interface ManagementCall {
  readonly broker: Broker
  readonly sessions: Sessions
  /** The names in the path, decoded. */
  readonly names: readonly string[]
  readonly body: Readonly<Record<string, unknown>>
  /** The header `x-reason`. */
  readonly reason: string | undefined
}

export interface Answer {
  readonly status: number
  readonly body?: unknown
}

export type Handler = (call: ManagementCall) => Answer

export function ok(body: unknown): Answer {
  return { status: 200, body }
}

/** Returns the answer to a change. */
export function done(isNew = false): Answer {
  return { status: isNew ? 201 : 204 }
}

/** Returns one of the names in the path. */
export function nameAt({ names }: ManagementCall, index: number): string {
  return names[index] ?? ''
}

/** Returns the vhost that the first name in the path stands for. @throws HttpError 404 if there is no such vhost */
export function vhostOf(call: ManagementCall): Vhost {
  const vhost = call.broker.vhosts.get(nameAt(call, 0))
  if (vhost === undefined) throw notFound()
  return vhost
}

/** Reads a table in the body of a request. */
export function tableOf(value: unknown): FieldTable {
  return typeof value === 'object' && value !== null
    ? FieldTable.of(fromTexts(value) as Record<string, unknown>)
    : FieldTable.empty
}

/** Converts byte texts to texts of JavaScript, which {@link FieldTable.of} expects. */
function fromTexts(value: unknown): unknown {
  if (typeof value === 'string') return fromByteText(value)
  if (Array.isArray(value)) return value.map(fromTexts)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [fromByteText(name), fromTexts(item)]))
}

export function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}

export function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}
