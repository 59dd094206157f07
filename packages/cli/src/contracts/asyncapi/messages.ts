import type { DescribedContract, DescribedMessage } from '../document.js'
import { idOf } from './names.js'

/** A message of the document. */
export interface MessageObject {
  readonly name: string
  readonly title: string
  readonly contentType: string
  readonly payload: unknown
  readonly headers: unknown
  readonly correlationId?: unknown
  readonly bindings: unknown
  readonly examples?: readonly { readonly payload: unknown }[]
}

const CORRELATION = { description: 'Which request it answers.', location: '$message.header#/correlationId' }

/** Returns the messages of a contract by their keys. */
export function messagesOf(contract: DescribedContract): ReadonlyMap<string, MessageObject> {
  const headers = contract.messages.find(({ part }) => part === 'headers')
  const bodies = contract.messages.filter((message) => message !== headers)
  return new Map(bodies.map((message) => [messageId(contract, message), messageObject(contract, message, headers)]))
}

/** Returns the key of a message. */
export function messageId({ key }: DescribedContract, { part }: DescribedMessage): string {
  return idOf(part === 'payload' ? key.replace(' ', '.') : `${key.replace(' ', '.')}.${part.replace(' ', '.')}`)
}

function messageObject(
  contract: DescribedContract,
  message: DescribedMessage,
  headers: DescribedMessage | undefined,
): MessageObject {
  const { contentType, contentEncoding } = contract
  const isCall = contract.kind === 'procedure'
  const isError = message.part.startsWith('error ')
  return {
    name: nameOf(contract),
    title: message.part === 'payload' ? contract.name : `${contract.name} ${message.part}`,
    // The data of an error is always JSON.
    contentType: isError ? 'application/json' : contentType,
    payload: message.schema,
    headers: headersOf(contract, message, headers),
    ...(isCall ? { correlationId: CORRELATION } : {}),
    bindings: {
      amqp: { ...(contentEncoding === undefined ? {} : { contentEncoding }), messageType: '', bindingVersion: '0.3.0' },
    },
    ...examplesOf(message),
  }
}

/** Returns the examples that the schema of a message has: those of `.meta({ examples: [...] })` in zod. */
function examplesOf({ schema }: DescribedMessage): Pick<MessageObject, 'examples'> {
  const { examples } = Object(schema) as { readonly examples?: unknown }
  if (!Array.isArray(examples) || examples.length === 0) return {}
  return { examples: examples.map((payload) => ({ payload })) }
}

/** Returns a name with its version: `thumbnails@2`. */
function nameOf({ name, version }: DescribedContract): string {
  return version === undefined ? name : `${name}@${version}`
}

/** Returns the headers that leveret writes, and those of the contract. */
function headersOf(
  contract: DescribedContract,
  { part }: DescribedMessage,
  own: DescribedMessage | undefined,
): unknown {
  const { kind } = contract
  const code = part.startsWith('error ') ? part.slice('error '.length) : undefined
  const isAnswer = part === 'response' || code !== undefined
  const written: Record<string, unknown> = {
    ...(isAnswer
      ? {}
      : {
          'leveret-contract': {
            type: 'string',
            description: 'The contract, with its version.',
            const: nameOf(contract),
          },
        }),
    ...(kind === 'procedure' && part === 'request'
      ? { replyTo: { type: 'string', description: 'Where the answer goes.' } }
      : {}),
    ...(kind === 'procedure' ? { correlationId: { type: 'string' } } : {}),
    ...(code === undefined
      ? {}
      : {
          'leveret-error': { type: 'string', const: 'declared' },
          'leveret-error-code': { type: 'string', const: code },
        }),
  }
  const base = {
    type: 'object',
    properties: written,
    ...(code === undefined ? {} : { required: ['leveret-error-code'] }),
  }
  return own === undefined ? base : { allOf: [base, own.schema] }
}
