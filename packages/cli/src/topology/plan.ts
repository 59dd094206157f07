import type { Declaration, ExchangeDeclaration, QueueDeclaration, QueuePolicy } from 'leveret'
import { isSame } from '../contracts/schema/json-schema.js'
import { leftOver } from './left-over.js'
import type { PlanItem } from './plan-item.js'
import type { BrokerState } from './state.js'
import { waysOut } from './ways-out.js'

/** The differences between what contracts declare and what is on a broker. */
export interface Plan {
  readonly items: readonly PlanItem[]
  /** The parts that could not be seen. */
  readonly unseen: readonly string[]
}

/** Compares declarations and policies with the state of a broker. It sends no request. */
export function planOf(
  declarations: readonly Declaration[],
  policies: readonly QueuePolicy[],
  state: BrokerState,
): Plan {
  const items = [
    ...declarations.flatMap((declaration) => itemsFor(declaration, state)),
    ...policies.flatMap((policy) => policyItems(policy, state)),
    ...leftOver(declarations, state),
  ]
  // Two contracts may declare the same queue.
  const unique = new Map(items.map((item) => [JSON.stringify(item), item]))
  return { items: [...unique.values()], unseen: state.unseen }
}

function itemsFor(declaration: Declaration, state: BrokerState): PlanItem[] {
  if (declaration.kind === 'queue') return queueItems(declaration, state)
  return declaration.kind === 'exchange' ? exchangeItems(declaration, state) : bindingItems(declaration, state)
}

function queueItems(declaration: QueueDeclaration, { queues }: BrokerState): PlanItem[] {
  const { name, existing: isOfOthers } = declaration
  const found = queues.get(name)
  if (found === undefined) return [absent('queue', name, isOfOthers)]
  if (found === 'there' || isOfOthers) return []
  const is = {
    durable: found.durable,
    ...found.arguments,
    ...(found.type === undefined ? {} : { 'x-queue-type': found.type }),
  }
  const wanted = { durable: declaration.durable, ...declaration.arguments }
  // Without a type, the vhost's default applies.
  const { 'x-queue-type': type, ...rest } = is as Record<string, unknown>
  const compared = 'x-queue-type' in wanted ? { ...rest, 'x-queue-type': type ?? 'classic' } : rest
  return differing(declaration, wanted, compared, found.arguments)
}

function exchangeItems(declaration: ExchangeDeclaration, { exchanges }: BrokerState): PlanItem[] {
  const { name, existing: isOfOthers, type, durable, autoDelete, internal } = declaration
  const found = exchanges.get(name)
  if (found === undefined) return [absent('exchange', name, isOfOthers)]
  if (found === 'there' || isOfOthers) return []
  const wanted = { type, durable, autoDelete, internal, ...declaration.arguments }
  const is = {
    type: found.type,
    durable: found.durable,
    autoDelete: found.auto_delete,
    internal: found.internal,
    ...found.arguments,
  }
  return differing(declaration, wanted, is, found.arguments)
}

type Settings = Readonly<Record<string, unknown>>

function differing(
  declaration: QueueDeclaration | ExchangeDeclaration,
  wanted: Settings,
  is: Settings,
  args: Settings,
): PlanItem[] {
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(is)])].filter(
    (name) => !isSame(wanted[name], is[name]),
  )
  const { kind, name } = declaration
  return names.map((argument) => ({
    change: 'differs',
    kind,
    name,
    argument,
    declared: wanted[argument] ?? null,
    existing: is[argument] ?? null,
    waysOut: waysOut(declaration, args),
  }))
}

function bindingItems(
  { source, to, destination, bindingKey, arguments: args }: Extract<Declaration, { kind: 'binding' }>,
  { bindings }: BrokerState,
): PlanItem[] {
  const isThere = bindings?.some(
    (one) =>
      one.source === source &&
      one.destination_type === to &&
      one.destination === destination &&
      one.routing_key === bindingKey &&
      isSame(one.arguments, args),
  )
  if (bindings === undefined || isThere) return []
  return [{ change: 'add', kind: 'binding', name: `${source} -> ${destination}`, declared: bindingKey }]
}

function absent(kind: 'queue' | 'exchange', name: string, isOfOthers: true | undefined): PlanItem {
  if (!isOfOthers) return { change: 'add', kind, name }
  return {
    change: 'missing',
    kind,
    name,
    waysOut: [`let the owner of the ${kind} declare it: the contract says existing: true`],
  }
}

function policyItems({ name, definition }: QueuePolicy, { policies }: BrokerState): PlanItem[] {
  const found = policies?.find((one) => one.name === name)
  const queue = name.replace(/^leveret\./, '')
  if (policies === undefined || (found !== undefined && isSame(found.definition, definition))) return []
  return [
    {
      change: 'differs',
      kind: 'policy',
      name,
      declared: definition,
      existing: found?.definition ?? null,
      waysOut: [`leveret policy ${queue} --set`, 'or see that another policy gives the queue these settings'],
    },
  ]
}
