import type { BindingDeclaration, Declaration } from '../connection/declaration.js'
import type { Exchange } from '../contract/exchange.js'
import type { QueueContract } from '../contract/queue-contract.js'
import { queueDeclarationsOf } from './declarations.js'
import { exchangeDeclarationsOf } from './exchange-declarations.js'

/** Which messages of an exchange a queue gets. */
export interface Binding {
  readonly bindingKey: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** What must exist for a durable subscription: the exchange, the queue with its dead letters, and the bindings between them. */
export function subscriptionDeclarations(
  exchange: Exchange,
  queue: QueueContract,
  bindings: readonly Binding[],
): readonly Declaration[] {
  return [
    ...exchangeDeclarationsOf(exchange),
    ...queueDeclarationsOf(queue),
    ...bindingsTo(exchange, queue.name, bindings),
  ]
}

/** The bindings of a queue to an exchange. */
export function bindingsTo(
  { name: source }: Exchange,
  destination: string,
  bindings: readonly Binding[],
): readonly BindingDeclaration[] {
  return bindings.map((binding) => ({ kind: 'binding', source, to: 'queue', destination, ...binding }))
}
