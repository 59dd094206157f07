import type { BindingDeclaration, Declaration } from '../connection/declaration.js'
import type { Binding } from '../contract/bindings.js'
import type { Exchange } from '../contract/exchange.js'
import type { Stream } from '../contract/stream.js'
import type { Subscription } from '../contract/subscription.js'
import { queueDeclarationsOf } from './declarations.js'
import { exchangeDeclarationsOf } from './exchange-declarations.js'

/**
 * What must exist for a durable subscription or a stream: the exchange, the queue with its dead letters, and the bindings between
 * them. Whoever has declared an existing queue has bound it too.
 */
export function subscriptionDeclarations(contract: Subscription | Stream): readonly Declaration[] {
  const { of, name, bindings, existing } = contract
  const bound = existing ? [] : bindingsTo(of, name, bindings)
  return [...exchangeDeclarationsOf(of), ...queueDeclarationsOf(contract), ...bound]
}

/** The bindings of a queue to an exchange. */
export function bindingsTo(
  { name: source }: Exchange,
  destination: string,
  bindings: readonly Binding[],
): readonly BindingDeclaration[] {
  return bindings.map((binding) => ({ kind: 'binding', source, to: 'queue', destination, ...binding }))
}
