import type { DescribedApplication, DescribedContract } from '../document.js'
import { type Channel, exchangeChannelIds, queueChannelId, replyChannelId } from './channels.js'

type Contracts = ReadonlyMap<string, DescribedContract>
type Channels = ReadonlyMap<string, Channel>

interface Role {
  readonly list: Exclude<keyof DescribedApplication, 'name' | 'version'>
  readonly verb: string
  readonly action: 'send' | 'receive'
}

const ROLES: readonly Role[] = [
  { list: 'sends', verb: 'send', action: 'send' },
  { list: 'works', verb: 'work', action: 'receive' },
  { list: 'publishes', verb: 'publish', action: 'send' },
  { list: 'subscribes', verb: 'subscribe', action: 'receive' },
  { list: 'calls', verb: 'call', action: 'send' },
  { list: 'answers', verb: 'answer', action: 'receive' },
]

/** Returns the operations of an application by their keys. */
export function operationsOf(
  application: DescribedApplication,
  contracts: Contracts,
  channels: Channels,
): Record<string, unknown> {
  const entries = ROLES.flatMap((role) =>
    application[role.list].flatMap((key) => {
      const contract = contracts.get(key)
      return contract === undefined ? [] : operationsFor(role, contract, channels)
    }),
  )
  return Object.fromEntries(entries)
}

function operationsFor({ verb, action }: Role, contract: DescribedContract, channels: Channels): [string, unknown][] {
  const ids = contract.kind === 'exchange' ? exchangeChannelIds(contract) : [queueChannelId(contract)]
  return ids.map((id) => [
    `${verb}.${id}`,
    {
      action,
      title: `${verb} ${contract.name}`,
      summary: SUMMARIES[verb] ?? '',
      channel: reference(id),
      messages: messagesIn(id, channels),
      ...(contract.kind === 'procedure' ? { reply: replyOf(contract, channels) } : {}),
      bindings: { amqp: bindingOf(action, contract) },
    },
  ])
}

const SUMMARIES: Readonly<Record<string, string>> = {
  send: 'Sends tasks, each confirmed by the broker.',
  work: 'Works on tasks.',
  publish: 'Publishes events, each confirmed by the broker.',
  subscribe: 'Gets events.',
  call: 'Sends requests and waits for the answers.',
  answer: 'Answers requests.',
}

/**
 * Returns the binding of an operation. Requests are transient, because no client waits for them after a restart of the
 * broker.
 */
function bindingOf(action: 'send' | 'receive', { kind }: DescribedContract): unknown {
  if (action === 'receive') return { ack: true, bindingVersion: '0.3.0' }
  const isCall = kind === 'procedure'
  return { deliveryMode: isCall ? 1 : 2, mandatory: kind !== 'exchange', timestamp: true, bindingVersion: '0.3.0' }
}

function replyOf(contract: DescribedContract, channels: Channels): unknown {
  const id = replyChannelId(contract)
  return {
    address: { location: '$message.header#/replyTo' },
    channel: reference(id),
    messages: messagesIn(id, channels),
  }
}

function reference(id: string): { $ref: string } {
  return { $ref: `#/channels/${id}` }
}

function messagesIn(id: string, channels: Channels): { $ref: string }[] {
  return (channels.get(id)?.messageIds ?? []).map((message) => ({ $ref: `#/channels/${id}/messages/${message}` }))
}
