import type { ContractsDocument, DescribedApplication, DescribedContract } from '../document.js'
import { channelsOf } from './channels.js'
import { messagesOf } from './messages.js'
import { operationsOf } from './operations.js'
import { absoluteReferences } from './references.js'

/** Options of {@link asyncApiOf}: facts that no contract contains. */
export interface AsyncApiOptions {
  /** The vhost. @defaultValue '/' */
  readonly vhost?: string | undefined
  /**
   * URL of the broker without credentials: `amqp://broker.example.org:5672`. @defaultValue none: the document names no
   * server
   */
  readonly server?: string | undefined
  /** The description. @defaultValue a sentence about the application */
  readonly description?: string | undefined
}

/**
 * Writes an AsyncAPI 3.1 document of one application, with AMQP bindings 0.3.0. Facts that the bindings cannot express
 * (arguments, retries, dead letters, bindings of queues) are beside them as `x-leveret`.
 *
 * @see https://www.asyncapi.com/docs/reference/specification/v3.1.0
 */
export function asyncApiOf(
  application: DescribedApplication,
  document: ContractsDocument,
  { vhost = '/', server, description }: AsyncApiOptions = {},
): Record<string, unknown> {
  const contracts = contractsFor(application, document)
  const channels = contracts.flatMap((contract) => channelsOf(contract, document, vhost))
  const byId = new Map(channels.map((channel) => [channel.id, channel]))
  const used = new Set(channels.flatMap(({ messageIds }) => messageIds))
  const messages = document.contracts.flatMap((contract) => [...messagesOf(contract)]).filter(([id]) => used.has(id))
  return {
    asyncapi: '3.1.0',
    info: {
      title: application.name,
      version: application.version,
      description:
        description ?? `What ${application.name} sends and receives over RabbitMQ, as its leveret contracts say.`,
    },
    defaultContentType: 'application/json',
    ...(server === undefined ? {} : { servers: { broker: serverOf(server) } }),
    channels: Object.fromEntries(channels.map(({ id, object }) => [id, object])),
    operations: operationsOf(application, new Map(contracts.map((contract) => [contract.key, contract])), byId),
    components: {
      messages: Object.fromEntries(messages.map(([id, message]) => [id, absoluteReferences(message, id)])),
    },
  }
}

/** Returns the contracts of an application, without the exchanges that it only subscribes to through a queue. */
function contractsFor(
  application: DescribedApplication,
  { contracts }: ContractsDocument,
): readonly DescribedContract[] {
  const { sends, works, publishes, subscribes, calls, answers } = application
  const keys = new Set([...sends, ...works, ...publishes, ...subscribes, ...calls, ...answers])
  return contracts.filter(({ key }) => keys.has(key))
}

/** Returns the server, never with a user or a password, even if they were given. */
function serverOf(given: string): unknown {
  const { protocol, host, pathname } = new URL(given)
  return {
    host,
    protocol: protocol.replace(':', ''),
    ...(pathname.length > 1 ? { pathname } : {}),
    bindings: { amqp: {} },
  }
}
