import { wantedBy } from '../contract/exchanges/routing-key.js'
import { templateContractsOf } from '../contract/exchanges/template-contracts.js'
import type { PayloadContract } from '../contract/payloads/payload.js'
import type { Stream } from '../contract/queues/stream.js'
import type { Subscription } from '../contract/queues/subscription.js'
import type { WorkQueue } from '../contract/queues/work-queue.js'

/** A contract that may keep dead letters. */
export type LetterContract = WorkQueue | Subscription | Stream

/** Finds the payload contract of a dead letter by the routing key with which it was published. */
export interface LetterSource {
  /** The queue in which the contract's messages die. */
  readonly name: string
  /** Whether a letter has a template. */
  readonly hasTemplates: boolean
  find(routingKey: string): { readonly template?: string; readonly contract: PayloadContract } | undefined
}

/** Makes the {@link LetterSource} of a contract. */
export function letterSource(contract: LetterContract): LetterSource {
  const { name } = contract
  if (contract.kind === 'work-queue') return { name, hasTemplates: false, find: () => ({ contract }) }
  const { of: exchange } = contract
  if (exchange.type !== 'direct' && exchange.type !== 'topic') {
    return { name, hasTemplates: false, find: () => ({ contract: exchange }) }
  }
  const contracts = templateContractsOf(exchange)
  const isWanted = wantedBy(contract.bindingKeys, exchange.type)
  return {
    name,
    hasTemplates: true,
    find: (routingKey) => (isWanted(routingKey) ? contracts.find(routingKey) : undefined),
  }
}
