import { OptionsError } from '../../errors/options-error.js'
import { nameProblem } from '../../message/short-string.js'
import type { PayloadContract } from '../payloads/payload.js'
import type { RoutedExchange } from './event-types.js'
import { wordsOf } from './routing-key.js'
import { TemplateRouter } from './template-router.js'

/** The payload contracts of an exchange, one for each template. */
export class TemplateContracts {
  readonly #exchange: RoutedExchange
  readonly #router: TemplateRouter
  readonly #contracts: ReadonlyMap<string, TemplateContract>

  constructor(exchange: RoutedExchange) {
    const { name, templates, codec } = exchange
    this.#exchange = exchange
    this.#router = new TemplateRouter(exchange.type === 'topic' ? Object.keys(templates) : [])
    this.#contracts = new Map(
      Object.entries(templates).map(([template, payload]) => [
        template,
        { name: `${name} (${template})`, template, payload, codec },
      ]),
    )
  }

  /** @returns the template that a received routing key matches, with its contract; `undefined` if none does */
  find(routingKey: string): { readonly template: string; readonly contract: TemplateContract } | undefined {
    const template = this.#exchange.type === 'topic' ? this.#router.templateOf(routingKey) : routingKey
    const contract = template === undefined ? undefined : this.#contracts.get(template)
    return template === undefined || contract === undefined ? undefined : { template, contract }
  }

  /**
   * Returns the contract of a message that is published with a routing key.
   *
   * @throws {@link OptionsError} if the key matches no template, is too long, or holds a wildcard
   */
  ofPublished(routingKey: string): TemplateContract {
    const { name, type } = this.#exchange
    const found = typeof routingKey === 'string' ? this.find(routingKey) : undefined
    if (found === undefined) {
      throw new OptionsError(
        `publish: no template of the exchange '${name}' matches the routing key ${JSON.stringify(routingKey)}; nothing was sent`,
      )
    }
    const problem = nameProblem(routingKey)
    if (problem !== undefined) throw new OptionsError(`publish: a routing key ${problem}; nothing was sent`)
    if (type === 'topic' && wordsOf(routingKey).some((word) => word === '*' || word === '#')) {
      throw new OptionsError(`publish: '*' and '#' are for binding keys, not for '${routingKey}'; nothing was sent`)
    }
    return found.contract
  }
}

/** The contract of the messages of one template. */
export interface TemplateContract extends PayloadContract {
  readonly template: string
}

const known = new WeakMap<RoutedExchange, TemplateContracts>()

/** Returns the payload contracts of an exchange, made once. */
export function templateContractsOf(exchange: RoutedExchange): TemplateContracts {
  let contracts = known.get(exchange)
  if (contracts === undefined) {
    contracts = new TemplateContracts(exchange)
    known.set(exchange, contracts)
  }
  return contracts
}
