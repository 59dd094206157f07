import type { BindingDeclaration, Declaration, ExchangeDeclaration } from '../amqp/declaration.js'
import type { Exchange } from '../contract/exchanges/exchange.js'

/**
 * The declarations that must be made before a message can be published: the exchange, and its bindings to other
 * exchanges.
 *
 * The same contract gives the same list, so all that share the contract share its declaration.
 */
export function exchangeDeclarationsOf(contract: Exchange): readonly Declaration[] {
  const known = declared.get(contract)
  if (known !== undefined) return known
  const made = [exchangeOf(contract), ...contract.exchange.boundTo.map((source) => sourceOf(contract.name, source))]
  declared.set(contract, made)
  return made
}

const declared = new WeakMap<Exchange, readonly Declaration[]>()

function exchangeOf({ name, type, exchange, existing }: Exchange): ExchangeDeclaration {
  const { boundTo: _sources, ...settings } = exchange
  return { kind: 'exchange', name, type, ...settings, ...(existing ? { existing } : {}) }
}

function sourceOf(
  destination: string,
  { exchange: source, bindingKey, arguments: args }: Exchange['exchange']['boundTo'][number],
): BindingDeclaration {
  return { kind: 'binding', source, to: 'exchange', destination, bindingKey, arguments: args }
}
