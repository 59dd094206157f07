import { fromByteText, toByteText } from './byte-text.js'
import { entriesOf, type Field, type FieldValue, fieldOf, integerOf, table, textOf, toValue } from './field.js'

/**
 * A table of AMQP: names and typed values, in their order. It is immutable; methods that change it return a new table.
 */
export class FieldTable {
  static readonly empty: FieldTable = new FieldTable([])

  readonly entries: readonly (readonly [string, Field])[]

  constructor(entries: readonly (readonly [string, Field])[]) {
    this.entries = entries
  }

  /** Reads a table, without its length. */
  static read(bytes: Buffer): FieldTable {
    return bytes.length === 0 ? FieldTable.empty : new FieldTable(entriesOf(bytes))
  }

  /** Makes a table of JavaScript values. A value that is a {@link Field} is kept as it is. */
  static of(values: Readonly<Record<string, unknown>>): FieldTable {
    return new FieldTable(
      Object.entries(values)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [toByteText(name), isField(value) ? value : fieldOf(value)]),
    )
  }

  get size(): number {
    return this.entries.length
  }

  get(name: string): Field | undefined {
    return this.entries.find(([known]) => known === name)?.[1]
  }

  text(name: string): string | undefined {
    return textOf(this.get(name))
  }

  integer(name: string): number | undefined {
    return integerOf(this.get(name))
  }

  /** Whether a field of this name is true. */
  isTrue(name: string): boolean {
    const field = this.get(name)
    return field?.type === 't' && field.bytes[0] !== 0
  }

  /** Returns a copy with a field. A field of the same name is replaced in its place; a new field goes to the end. */
  with(name: string, field: Field): FieldTable {
    if (this.get(name) === undefined) return new FieldTable([...this.entries, [name, field]])
    return new FieldTable(this.entries.map((entry) => (entry[0] === name ? [name, field] : entry)))
  }

  without(...names: readonly string[]): FieldTable {
    return new FieldTable(this.entries.filter(([name]) => !names.includes(name)))
  }

  /** Returns the values as JavaScript values. */
  toObject(): Record<string, FieldValue> {
    return Object.fromEntries(this.entries.map(([name, field]) => [fromByteText(name), toValue(field)]))
  }

  /** Returns the bytes, without their length. */
  encode(): Buffer {
    return table(this.entries).bytes
  }
}

function isField(value: unknown): value is Field {
  return (
    typeof value === 'object' && value !== null && 'type' in value && 'bytes' in value && Buffer.isBuffer(value.bytes)
  )
}
