import type { Profile } from '../broker/rules/profile.js'
import { ReplyError } from '../broker/rules/reply-error.js'
import { entriesOf } from '../wire/field.js'
import { FieldTable } from '../wire/field-table.js'

const CAPABILITIES = [
  'publisher_confirms',
  'exchange_exchange_bindings',
  'basic.nack',
  'consumer_cancel_notify',
  'connection.blocked',
  'consumer_priorities',
  'authentication_failure_close',
  'per_consumer_qos',
  'direct_reply_to',
]

/** Returns the server properties of `connection.start`. */
export function serverProperties({ version }: Profile): FieldTable {
  return FieldTable.of({
    capabilities: Object.fromEntries(CAPABILITIES.map((name) => [name, true])),
    cluster_name: 'memory-broker',
    copyright: 'An imitation of RabbitMQ, for tests; see https://www.npmjs.com/package/@leveret/memory-broker',
    information: 'In the memory of one process, for tests: nothing is kept.',
    platform: 'Node.js',
    product: 'RabbitMQ',
    version,
  })
}

export interface Credentials {
  readonly user: string
  readonly password: string
}

/** Reads the response to a SASL mechanism. @throws ReplyError 503 if the broker does not know the mechanism */
export function readCredentials(mechanism: string, response: Buffer): Credentials {
  if (mechanism === 'PLAIN') return readPlain(response)
  if (mechanism === 'AMQPLAIN') return readAmqplain(response)
  throw new ReplyError(503, `unknown authentication mechanism '${mechanism}'`)
}

function readPlain(response: Buffer): Credentials {
  const [, user = '', password = ''] = response.toString('latin1').split('\0')
  return { user, password }
}

function readAmqplain(response: Buffer): Credentials {
  const table = new FieldTable(entriesOf(response))
  return { user: table.text('LOGIN') ?? '', password: table.text('PASSWORD') ?? '' }
}

/** Whether a client declares a capability. */
export function hasCapability(clientProperties: FieldTable, name: string): boolean {
  const field = clientProperties.get('capabilities')
  return field?.type === 'F' && FieldTable.read(field.bytes).isTrue(name)
}
