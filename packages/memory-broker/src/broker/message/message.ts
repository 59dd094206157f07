import { fieldsOf, textOf } from '../../wire/field.js'
import { FieldTable } from '../../wire/field-table.js'
import { encodeProperties, type Properties } from '../../wire/properties.js'
import type { Death } from './deaths.js'

/** A published message. It is immutable, because queues share it. */
export class Message {
  readonly exchange: string
  readonly routingKey: string
  readonly properties: Properties
  readonly body: Buffer
  /** The deaths that the broker has recorded. Clients cannot set them. */
  readonly deaths: readonly Death[]
  /** How many of its deliveries failed before it died, as far as the version remembers that. */
  readonly failures: number
  /** The keys of the removed header BCC. Dead letters go to them too. */
  readonly blindKeys: readonly string[]
  #encoded: Buffer | undefined

  constructor(content: MessageContent) {
    this.exchange = content.exchange
    this.routingKey = content.routingKey
    this.properties = content.properties
    this.body = content.body
    this.deaths = content.deaths ?? []
    this.failures = content.failures ?? 0
    this.blindKeys = content.blindKeys ?? textsOf(this.headers, 'BCC')
    this.#encoded = content.encoded
  }

  get headers(): FieldTable {
    return this.properties.headers ?? FieldTable.empty
  }

  /** The properties in wire format. */
  get encoded(): Buffer {
    this.#encoded ??= encodeProperties(this.properties)
    return this.#encoded
  }

  /** How many bytes count towards the limits of a queue. */
  get bytes(): number {
    return this.body.length
  }

  /** All routing keys: its own, and those of the headers CC and BCC. */
  get routingKeys(): readonly string[] {
    const { headers } = this.properties
    if (headers === undefined) return [this.routingKey]
    return [this.routingKey, ...textsOf(headers, 'CC'), ...this.blindKeys]
  }

  /** Returns a copy with other headers. */
  withHeaders(headers: FieldTable): Message {
    return new Message({ ...this, properties: { ...this.properties, headers } })
  }
}

export interface MessageContent {
  readonly exchange: string
  readonly routingKey: string
  readonly properties: Properties
  readonly body: Buffer
  readonly deaths?: readonly Death[]
  readonly failures?: number
  readonly blindKeys?: readonly string[]
  readonly encoded?: Buffer
}

/** Returns the texts of a header that holds a list of them. */
export function textsOf(headers: FieldTable, name: string): string[] {
  const field = headers.get(name)
  if (field?.type !== 'A') return []
  return fieldsOf(field.bytes).flatMap((item) => textOf(item) ?? [])
}
