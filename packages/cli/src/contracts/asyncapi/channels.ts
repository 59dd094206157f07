import type { Declaration, ExchangeDeclaration, QueueDeclaration } from 'leveret'
import type { ContractsDocument, DescribedContract, DescribedMessage } from '../document.js'
import { messageId } from './messages.js'
import { addressOf, idOf } from './names.js'

/** A channel of the document, and the messages that go through it. */
export interface Channel {
  readonly id: string
  readonly messageIds: readonly string[]
  readonly object: Readonly<Record<string, unknown>>
}

/**
 * Returns the channels of one contract: one for a queue, or one for each template of an exchange. The answers of a
 * procedure have a channel of their own.
 */
export function channelsOf(
  contract: DescribedContract,
  document: ContractsDocument,
  vhost: string,
): readonly Channel[] {
  switch (contract.kind) {
    case 'exchange':
      return exchangeChannels(contract, document, vhost)
    case 'procedure':
      return [queueChannel(contract, document, vhost, ['request']), replyChannel(contract)]
    default:
      return [queueChannel(contract, document, vhost)]
  }
}

/** Returns the id of the channel for the requests, tasks or events in a queue. */
export function queueChannelId({ key }: DescribedContract): string {
  return idOf(key.replace(' ', '.'))
}

/** Returns the id of the channel for the answers of a procedure. */
export function replyChannelId(contract: DescribedContract): string {
  return `${queueChannelId(contract)}.reply`
}

/** Returns the ids of the channels on which a contract's messages are published. */
export function exchangeChannelIds(contract: DescribedContract): readonly string[] {
  const templates = contract.messages.filter(({ template }) => template !== undefined)
  const id = queueChannelId(contract)
  return templates.length === 0 ? [id] : templates.map(({ part }) => `${id}.${idOf(part)}`)
}

function queueChannel(
  contract: DescribedContract,
  document: ContractsDocument,
  vhost: string,
  parts?: readonly string[],
): Channel {
  const queue = document.declarations.find(
    (one): one is QueueDeclaration => one.kind === 'queue' && one.name === contract.name,
  )
  const source =
    contract.of === undefined
      ? contract
      : (document.contracts.find(({ kind, name }) => kind === 'exchange' && name === contract.of) ?? contract)
  const wanted = source.messages.filter(
    ({ part }) => part !== 'headers' && (parts === undefined || parts.includes(part)),
  )
  const durable = queue?.durable ?? true
  return channel(queueChannelId(contract), source, wanted, {
    address: contract.name,
    description: DESCRIPTIONS[contract.kind],
    bindings: {
      amqp: {
        is: 'queue',
        queue: { name: contract.name, durable, exclusive: false, autoDelete: false, vhost },
        bindingVersion: '0.3.0',
      },
    },
    'x-leveret': extensionOf(contract, document, queue),
  })
}

const DESCRIPTIONS: Readonly<Record<DescribedContract['kind'], string>> = {
  'work-queue': 'Tasks, each for exactly one worker.',
  procedure: 'Requests, each answered by one server.',
  subscription: 'Events that wait for a durable subscriber.',
  stream: 'History of an exchange, read from anywhere.',
  exchange: 'Events for all subscribers.',
}

function exchangeChannels(contract: DescribedContract, document: ContractsDocument, vhost: string): readonly Channel[] {
  const declared = document.declarations.find(
    (one): one is ExchangeDeclaration => one.kind === 'exchange' && one.name === contract.name,
  )
  const { type = 'topic' } = contract
  const known = ['topic', 'direct', 'fanout', 'headers'].includes(type) ? type : 'default'
  const exchange = {
    name: contract.name,
    type: known,
    durable: declared?.durable ?? true,
    autoDelete: declared?.autoDelete ?? false,
    vhost,
  }
  const ids = exchangeChannelIds(contract)
  const templates = contract.messages.filter(({ template }) => template !== undefined)
  const rows: readonly (readonly DescribedMessage[])[] =
    templates.length === 0
      ? [contract.messages.filter(({ part }) => part !== 'headers')]
      : templates.map((message) => [message])
  return rows.map((messages, index) => {
    const { address, parameters } = addressOf(messages[0]?.template ?? '', type)
    return channel(ids[index] ?? '', contract, messages, {
      address: address === '' ? null : address,
      description: DESCRIPTIONS.exchange,
      ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
      bindings: { amqp: { is: 'routingKey', exchange, bindingVersion: '0.3.0' } },
      'x-leveret': { exchangeType: type, arguments: declared?.arguments ?? {}, existing: contract.existing },
    })
  })
}

function replyChannel(contract: DescribedContract): Channel {
  const answers = contract.messages.filter(({ part }) => part !== 'request')
  return channel(replyChannelId(contract), contract, answers, {
    address: null,
    description: "Answers, sent to the request's replyTo. The header leveret-error-code marks an error.",
  })
}

function channel(
  id: string,
  contract: DescribedContract,
  messages: readonly DescribedMessage[],
  object: Record<string, unknown>,
): Channel {
  const messageIds = messages.map((message) => messageId(contract, message))
  const references = Object.fromEntries(messageIds.map((one) => [one, { $ref: `#/components/messages/${one}` }]))
  return { id, messageIds, object: { ...object, messages: references } }
}

/** Returns the settings that the AMQP binding cannot express. */
function extensionOf(
  contract: DescribedContract,
  { declarations }: ContractsDocument,
  queue: QueueDeclaration | undefined,
): unknown {
  const isBound = (one: Declaration): boolean => one.kind === 'binding' && one.destination === contract.name
  return {
    kind: contract.kind,
    existing: contract.existing,
    arguments: queue?.arguments ?? {},
    ...(contract.delaysMs === undefined ? {} : { retryDelaysMs: contract.delaysMs }),
    ...(contract.deadLetterQueue === undefined ? {} : { deadLetterQueue: contract.deadLetterQueue }),
    ...(contract.of === undefined ? {} : { exchange: contract.of, bindings: declarations.filter(isBound) }),
  }
}
