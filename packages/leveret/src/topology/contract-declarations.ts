import type { Declaration, QueueDeclaration } from '../amqp/declaration.js'
import type { Application, Contract } from '../contract/application.js'
import type { QueueContract } from '../contract/queues/queue-contract.js'
import { OptionsError } from '../errors/errors.js'
import { subscriptionDeclarations } from './binding-declarations.js'
import { delayQueue, queueDeclarationsOf } from './declarations.js'
import { exchangeDeclarationsOf } from './exchange-declarations.js'

/** What can be declared ahead of time: what a service does, a contract, or several of these. */
export type Described = Application | Contract | readonly (Application | Contract)[]

/**
 * Lists what would be declared, in the order in which it would be: exchanges, queues with their dead-letter and delay queues, bindings.
 * Each once. It is plain data, which survives JSON, and asks no broker.
 *
 * What an application sends needs no delay queues, and what it calls needs nothing: a procedure's queue is declared by its servers. Of
 * what others declare (`existing`) there is an entry that says so. Delay queues of what only the program knows (`delayMs`, `Retry`, a deduplication store)
 * are declared when they are first needed.
 *
 * @throws {@link OptionsError} what is given is neither an application nor a contract
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

/** Who is to work by a contract needs all of it. */
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

/** Where what has failed waits for its next attempt. */
function delayQueuesOf(contract: QueueContract): readonly QueueDeclaration[] {
  const { retry } = contract
  if (retry === false || 'native' in retry) return []
  return retry.delaysMs.map((delayMs) => delayQueue(contract, delayMs))
}

function isList(described: Described): described is readonly (Application | Contract)[] {
  return Array.isArray(described)
}
