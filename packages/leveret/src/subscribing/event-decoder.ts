import { whenReady } from '../async/maybe-promise.js'
import type { ActiveDelivery } from '../consuming/delivery/active-delivery.js'
import { UnknownMessage } from '../consuming/delivery/handler-errors.js'
import type { Decode } from '../consuming/handling/payload-reader.js'
import type { Exchange } from '../contract/exchanges/exchange.js'
import { wantedBy } from '../contract/exchanges/routing-key.js'
import { templateContractsOf } from '../contract/exchanges/template-contracts.js'
import { decodePayload, type PayloadContract } from '../contract/payloads/payload.js'
import { validate } from '../contract/payloads/schema.js'
import type { UnknownPolicy } from '../contract/queues/subscription.js'
import { copyKeysOf } from '../headers/attempt-headers.js'

/** Decides what happens to messages that the subscriber does not know. */
export interface UnknownMessages {
  readonly policy: UnknownPolicy
  /** Reports a message that no binding key matches. */
  unexpected(routingKey: string): void
}

/** Makes the function that turns deliveries of an exchange into the events that a handler gets. */
export function decoderOf(
  exchange: Exchange,
  bindingKeys: readonly string[],
  unknown: UnknownMessages,
): Decode<unknown> {
  switch (exchange.type) {
    case 'headers':
      return async (delivery) => {
        const headers = await validate({ name: exchange.name, payload: exchange.headers }, delivery.headers, 'incoming')
        return { routingKey: delivery.routingKey, headers, payload: await decoded(exchange, delivery) }
      }
    case 'direct':
    case 'topic': {
      const contracts = templateContractsOf(exchange)
      const isWanted = wantedBy(bindingKeys, exchange.type)
      return (delivery) => {
        const { routingKey } = delivery
        const found = contracts.find(routingKey)
        // A further routing key (CC) may have brought the message; that key must match the same template.
        const isOfFound = (key: string): boolean => isWanted(key) && contracts.find(key)?.template === found?.template
        const isAsked = isWanted(routingKey) || copyKeysOf(delivery.headers).some(isOfFound)
        if (!isAsked) unknown.unexpected(routingKey)
        if (found === undefined || !isAsked) {
          const why = `the exchange '${exchange.name}' has no template for the routing key '${routingKey}', or no binding key asks for it`
          throw new UnknownMessage(why, unknown.policy)
        }
        const { template, contract } = found
        return whenReady(decoded(contract, delivery), (payload) => ({ template, routingKey, payload }))
      }
    }
    default:
      return (delivery) =>
        whenReady(decoded(exchange, delivery), (payload) => ({ routingKey: delivery.routingKey, payload }))
  }
}

function decoded(contract: PayloadContract, { message }: ActiveDelivery): unknown {
  return decodePayload(contract, message.content, message.properties)
}
