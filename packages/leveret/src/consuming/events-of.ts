import type { Exchange } from '../contract/exchange.js'
import { decodePayload, type PayloadContract } from '../contract/payload.js'
import { wantedBy } from '../contract/routing-key.js'
import { validate } from '../contract/schema.js'
import type { UnknownPolicy } from '../contract/subscription.js'
import { templateContractsOf } from '../contract/template-contracts.js'
import { andThen } from '../soon.js'
import type { ActiveDelivery } from './active-delivery.js'
import { copyKeysOf } from './lineage.js'
import type { Decode } from './reader.js'
import { UnknownMessage } from './steering.js'

/** What the subscriber wants to know of messages that it does not know. */
export interface UnknownMessages {
  readonly policy: UnknownPolicy
  /** None of the binding keys brings this one. */
  unexpected(routingKey: string): void
}

/** How the deliveries of an exchange become the events that a handler gets. */
export function decoderOf(
  exchange: Exchange,
  bindingKeys: readonly string[],
  unknown: UnknownMessages,
): Decode<unknown> {
  switch (exchange.type) {
    case 'headers':
      return async (delivery) => {
        const place = { direction: 'incoming', contract: exchange.name } as const
        const headers = await validate(exchange.headers, delivery.headers, place)
        return { routingKey: delivery.routingKey, headers, payload: await decoded(exchange, delivery) }
      }
    case 'direct':
    case 'topic': {
      const contracts = templateContractsOf(exchange)
      const isWanted = wantedBy(bindingKeys, exchange.type)
      return (delivery) => {
        const { routingKey } = delivery
        const found = contracts.find(routingKey)
        // It may have come by one of its further routing keys, which then is of the same template.
        const isOfFound = (key: string): boolean => isWanted(key) && contracts.find(key)?.template === found?.template
        const isAsked = isWanted(routingKey) || copyKeysOf(delivery.headers).some(isOfFound)
        if (!isAsked) unknown.unexpected(routingKey)
        if (found === undefined || !isAsked) {
          const why = `the exchange '${exchange.name}' has no template for the routing key '${routingKey}', or no binding key asks for it`
          throw new UnknownMessage(why, unknown.policy)
        }
        const { template, contract } = found
        return andThen(decoded(contract, delivery), (payload) => ({ template, routingKey, payload }))
      }
    }
    default:
      return (delivery) =>
        andThen(decoded(exchange, delivery), (payload) => ({ routingKey: delivery.routingKey, payload }))
  }
}

function decoded(contract: PayloadContract, { message }: ActiveDelivery): unknown {
  return decodePayload(contract, message.content, message.properties)
}
