import { fieldsOf, textOf } from '../../wire/field.js'
import { FieldTable } from '../../wire/field-table.js'
import { encodeProperties, type Properties } from '../../wire/properties.js'
import type { Death } from './deaths.js'

/** A message as it was published. It never changes: queues share it. */
export class Message {
  readonly exchange: string
  readonly routingKey: string
  readonly properties: Properties
  readonly body: Buffer
  /** What the broker knows of its deaths; clients cannot set it. */
  readonly deaths: readonly Death[]
  /** How many of its deliveries have failed before it died, as far as the broker's version remembers. */
  readonly failures: number
  /** The keys of its header BCC, which nobody sees: dead letters go to them too. */
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

  /** The properties on the wire. */
  get encoded(): Buffer {
    this.#encoded ??= encodeProperties(this.properties)
    return this.#encoded
  }

  /** How much of a queue's room it takes. */
  get bytes(): number {
    return this.body.length
  }

  /** Its own key, and those of the headers CC and BCC. */
  get routingKeys(): readonly string[] {
    const { headers } = this.properties
    if (headers === undefined) return [this.routingKey]
    return [this.routingKey, ...textsOf(headers, 'CC'), ...this.blindKeys]
  }

  /** The same with other headers. */
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

/** The texts of a header that holds a list of them. */
export function textsOf(headers: FieldTable, name: string): string[] {
  const field = headers.get(name)
  if (field?.type !== 'A') return []
  return fieldsOf(field.bytes).flatMap((item) => textOf(item) ?? [])
}
