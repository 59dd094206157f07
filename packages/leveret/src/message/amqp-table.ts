/** What a table of a user may take. amqplib encodes one in a buffer of 64 KiB, and leveret adds some headers on copies. */
const MAX_TABLE_BYTES = 48 * 1024

const MAX_DEPTH = 32

/** Why arguments cannot be sent: too large, or a value that has no form on the wire. `undefined` when they can. */
export function tableProblem(table: Readonly<Record<string, unknown>>): string | undefined {
  const wide = Object.keys(table).find((name) => holdsWide(table[name]))
  return wide === undefined ? headersProblem(table) : `${wide}: a bigint value has no form in arguments`
}

/** The same of headers, in which a `bigint` is written as 64 bits. */
export function headersProblem(table: Readonly<Record<string, unknown>>): string | undefined {
  const size = measureTable(table)
  if (typeof size === 'string') return size
  return size > MAX_TABLE_BYTES ? `${size} bytes, and ${MAX_TABLE_BYTES} is the most` : undefined
}

/**
 * How many bytes headers or arguments take on the wire, as AMQP 0-9-1 encodes a table.
 *
 * @returns a text instead, when a value has no form there or would change on the way
 */
export function measureTable(table: Readonly<Record<string, unknown>>): number | string {
  let total = 0
  for (const [name, value] of Object.entries(table)) {
    // Left out, as in JSON.
    if (value === undefined) continue
    const size = measure(value, 0)
    if (typeof size === 'string') return `${name}: ${size}`
    if (Buffer.byteLength(name) > 255) return `${name.slice(0, 20)}…: a name has at most 255 bytes`
    total += 1 + Buffer.byteLength(name) + size
  }
  return total
}

/** One byte for the type, then the value. */
function measure(value: unknown, depth: number): number | string {
  switch (typeof value) {
    case 'string':
      return 5 + Buffer.byteLength(value)
    case 'number':
      return Number.isFinite(value) ? 9 : 'a number must be finite'
    case 'boolean':
      return 2
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? 9 : 'a bigint has at most 64 bits, one of them for its sign'
    case 'object':
      return measureObject(value, depth)
    default:
      return `a value of type ${typeof value} has no form in an AMQP table`
  }
}

function measureObject(value: object | null, depth: number): number | string {
  if (value === null) return 1
  if (Buffer.isBuffer(value)) return 5 + value.length
  if (depth >= MAX_DEPTH) return `nested more than ${MAX_DEPTH} levels deep`
  if (Array.isArray(value)) return sum(value.map((item) => measure(item, depth + 1)))
  // amqplib turns a Date into an empty table, and lets a class leak what it inherits.
  if (value instanceof Date) return 'a Date has no form in an AMQP table; use toISOString()'
  if (![Object.prototype, null].includes(Object.getPrototypeOf(value)))
    return 'an instance of a class has no form in an AMQP table'
  const sizes = Object.entries(value).map(([name, item]) => {
    // Left out, as in JSON.
    if (item === undefined) return 0
    const size = measure(item, depth + 1)
    return typeof size === 'string' ? size : size + 1 + Buffer.byteLength(name)
  })
  return sum(sizes)
}

function sum(sizes: readonly (number | string)[]): number | string {
  let total = 5
  for (const size of sizes) {
    if (typeof size === 'string') return size
    total += size
  }
  return total
}

/**
 * A received table as it is to be read: neither it nor a table inside it has a prototype, because a sender may call an entry
 * `__proto__`, and amqplib makes that the table's.
 */
export function bareTable(received: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, unknown>> {
  const table = { ...received }
  const found: unknown[] = [table]
  // It grows on the way. Tables may be nested deeper than functions may call each other.
  for (const value of found) {
    // A table whose `__proto__` is bytes looks like a Buffer in every other way.
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue
    if (!Array.isArray(value)) Object.setPrototypeOf(value, null)
    for (const inner of Object.values(value)) found.push(inner)
  }
  return table
}

const FLOATS = new Set<unknown>(['double', 'float64', 'float'])

/**
 * Refuses what amqplib would write as a double that is no number: RabbitMQ ends the connection over one (541).
 *
 * amqplib takes a table with an entry `!` for the name of a type and a value of it. Any sender can write such a table, with a
 * value of another type, and what was received is sent again in copies.
 *
 * @throws TypeError as amqplib does over values of other types
 */
export function refuseFalseNumbers(table: Readonly<Record<string, unknown>> = {}): void {
  const found: unknown[] = Object.values(table)
  // It grows on the way.
  for (const value of found) {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue
    const { '!': type, value: marked } = value as Readonly<Record<string, unknown>>
    if (FLOATS.has(type) && !isNumber(marked, type))
      throw new TypeError(`a header is marked as a ${type} and holds none`)
    for (const inner of Object.values(value)) found.push(inner)
  }
}

function isNumber(value: unknown, type: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(type === 'float' ? Math.fround(value) : value)
}

/** A table as amqplib can write it: it knows a `bigint` by its mark for 64 bits. @returns the same one, when it holds none */
export function markWide(table: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return holdsWide(table) ? (marked(table) as Readonly<Record<string, unknown>>) : table
}

/** What is nested too deep is refused elsewhere. */
function holdsWide(value: unknown, depth = 0): boolean {
  if (typeof value === 'bigint') return true
  if (!isTableOrArray(value) || depth > MAX_DEPTH) return false
  return Object.values(value).some((inner) => holdsWide(inner, depth + 1))
}

function marked(value: unknown): unknown {
  if (typeof value === 'bigint') return { '!': 'int64', value }
  if (!isTableOrArray(value)) return value
  if (Array.isArray(value)) return value.map(marked)
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, marked(inner)]))
}

function isTableOrArray(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
}
