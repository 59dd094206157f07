import type { PayloadContract } from '../contract/payload.js'
import { wantedBy } from '../contract/routing-key.js'
import type { Stream } from '../contract/stream.js'
import type { Subscription } from '../contract/subscription.js'
import { templateContractsOf } from '../contract/template-contracts.js'
import type { WorkQueue } from '../contract/work-queue.js'

/** A contract that may keep dead letters. */
export type LetterContract = WorkQueue | Subscription | Stream

/** What the letters of a contract hold, by the routing key under which they were published. */
export interface LetterSource {
  /** The queue in which the contract's letters die. */
  readonly name: string
  /** Whether letters say their template. */
  readonly hasTemplates: boolean
  find(routingKey: string): { readonly template?: string; readonly contract: PayloadContract } | undefined
}

/** Finds out what the letters of a contract hold. */
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
