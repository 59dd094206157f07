import type { BindingDeclaration, Declaration } from '../amqp/declaration.js'
import type { Binding } from '../contract/exchanges/bindings.js'
import type { Exchange } from '../contract/exchanges/exchange.js'
import type { Stream } from '../contract/queues/stream.js'
import type { Subscription } from '../contract/queues/subscription.js'
import { queueDeclarationsOf } from './declarations.js'
import { exchangeDeclarationsOf } from './exchange-declarations.js'

/**
 * The declarations that a durable subscription or a stream needs: the exchange, the queue with its dead letters, and
 * the bindings between them. The owner of an existing queue has bound it too.
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
