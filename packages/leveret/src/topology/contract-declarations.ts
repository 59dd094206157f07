import type { Declaration, QueueDeclaration } from '../amqp/declaration.js'
import type { Application, Contract } from '../contract/application.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import { OptionsError } from '../errors/options-error.js'
import { subscriptionDeclarations } from './binding-declarations.js'
import { delayQueue, queueDeclarationsOf } from './declarations.js'
import { exchangeDeclarationsOf } from './exchange-declarations.js'

/** The contracts that can be declared ahead of time: an application, a contract, or a list of them. */
export type Described = Application | Contract | readonly (Application | Contract)[]

/**
 * Lists the declarations of contracts, in the order in which they are made: exchanges, queues with their dead-letter
 * and delay queues, bindings. Each occurs once. The list is plain data, which survives JSON, and no broker is asked.
 *
 * A work queue that an application only sends to needs no delay queues. A procedure that it only calls needs nothing:
 * the servers declare the procedure's queue. Objects that others declare are in the list, marked as `existing`. Delay
 * queues for delays that only the program knows (`delayMs`, `Retry`, a deduplication store) are declared when they are
 * first needed.
 *
 * @throws {@link OptionsError} the argument is neither an application nor a contract, nor a list of them
 */
export function declarationsOf(described: Described): readonly Declaration[] {
  checkDescribed('declarationsOf', described)
  const all = listOf(described)
  const unique = new Map(all.map((declaration) => [JSON.stringify(declaration), declaration]))
  return Object.freeze(ORDER.flatMap((kind) => [...unique.values()].filter((one) => one.kind === kind)))
}

/** @throws {@link OptionsError} */
export function checkDescribed(where: string, described: unknown): void {
  const isKnown = (one: unknown): boolean => KINDS.has(Object(one).kind)
  if (Array.isArray(described) ? described.every(isKnown) : isKnown(described)) return
  throw new OptionsError(`${where}: expected an application, a contract, or a list of these`)
}

const KINDS: ReadonlySet<unknown> = new Set<Application['kind'] | Contract['kind']>([
  'application',
  'work-queue',
  'exchange',
  'subscription',
  'stream',
  'procedure',
])

const ORDER = ['exchange', 'queue', 'binding'] as const

function listOf(described: Described): readonly Declaration[] {
  if (isList(described)) return described.flatMap(listOf)
  if (described.kind !== 'application') return allOf(described)
  const { sends, works, publishes, subscribes, answers } = described
  return [...sends.flatMap(queueDeclarationsOf), ...[...works, ...publishes, ...subscribes, ...answers].flatMap(allOf)]
}

/** All declarations of a contract, for a service that works by it. */
function allOf(contract: Contract): readonly Declaration[] {
  switch (contract.kind) {
    case 'work-queue':
      return [...queueDeclarationsOf(contract), ...delayQueuesOf(contract)]
    case 'subscription':
      return [...subscriptionDeclarations(contract), ...delayQueuesOf(contract)]
    case 'stream':
      return subscriptionDeclarations(contract)
    case 'procedure':
      return queueDeclarationsOf(contract.requests)
    default:
      return exchangeDeclarationsOf(contract)
  }
}

/** The delay queues in which failed messages wait for their next attempt. */
function delayQueuesOf(contract: QueueContract): readonly QueueDeclaration[] {
  const { retry } = contract
  if (retry === false || 'native' in retry) return []
  return retry.delaysMs.map((delayMs) => delayQueue(contract, delayMs))
}

function isList(described: Described): described is readonly (Application | Contract)[] {
  return Array.isArray(described)
}
