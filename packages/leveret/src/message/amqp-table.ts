/**
 * The most bytes that a table of the user may take. amqplib encodes a table in a buffer of 64 KiB, and leveret adds
 * some headers to copies.
 */
const MAX_TABLE_BYTES = 48 * 1024

const MAX_DEPTH = 32

/**
 * Says why arguments cannot be sent: they are too large, or a value has no form on the wire. `undefined` if they can be
 * sent.
 */
export function tableProblem(table: Readonly<Record<string, unknown>>): string | undefined {
  const wide = Object.keys(table).find((name) => holdsWide(table[name]))
  return wide === undefined ? headersProblem(table) : `${wide}: a bigint cannot be written to arguments`
}

/**
 * Says why headers cannot be sent, as {@link tableProblem} does for arguments. Headers may hold a `bigint`, written as
 * 64 bits.
 */
export function headersProblem(table: Readonly<Record<string, unknown>>): string | undefined {
  const size = measureTable(table)
  if (typeof size === 'string') return size
  return size > MAX_TABLE_BYTES ? `${size} bytes; the limit is ${MAX_TABLE_BYTES}` : undefined
}

/**
 * Counts the bytes that headers or arguments take on the wire, as AMQP 0-9-1 encodes a table.
 *
 * @returns a text instead, if a value has no form there or would change on the way
 */
export function measureTable(table: Readonly<Record<string, unknown>>): number | string {
  let total = 0
  for (const [name, value] of Object.entries(table)) {
    // An entry without a value is left out, as in JSON.
    if (value === undefined) continue
    const size = measure(value, 0)
    if (typeof size === 'string') return `${name}: ${size}`
    if (Buffer.byteLength(name) > 255) return `${name.slice(0, 20)}…: a name has at most 255 bytes`
    total += 1 + Buffer.byteLength(name) + size
  }
  return total
}

/** Counts one byte for the type, and the bytes of the value. */
function measure(value: unknown, depth: number): number | string {
  switch (typeof value) {
    case 'string':
      return 5 + Buffer.byteLength(value)
    case 'number':
      return Number.isFinite(value) ? 9 : 'a number must be finite'
    case 'boolean':
      return 2
    case 'bigint':
      return BigInt.asIntN(64, value) === value ? 9 : 'a bigint must fit in 64 bits, with its sign'
    case 'object':
      return measureObject(value, depth)
    default:
      return `a value of type ${typeof value} cannot be written to an AMQP table`
  }
}

function measureObject(value: object | null, depth: number): number | string {
  if (value === null) return 1
  if (Buffer.isBuffer(value)) return 5 + value.length
  if (depth >= MAX_DEPTH) return `nested more than ${MAX_DEPTH} levels deep`
  if (Array.isArray(value)) return sum(value.map((item) => measure(item, depth + 1)))
  // amqplib writes a Date as an empty table, and writes what an instance of a class inherits.
  if (value instanceof Date) return 'a Date cannot be written to an AMQP table; use toISOString()'
  if (![Object.prototype, null].includes(Object.getPrototypeOf(value)))
    return 'an instance of a class cannot be written to an AMQP table'
  const sizes = Object.entries(value).map(([name, item]) => {
    // An entry without a value is left out, as in JSON.
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
 * Copies a received table, and removes the prototype of the copy and of every table inside it. A sender may call an
 * entry `__proto__`, and amqplib then makes its value the prototype of the table.
 */
export function bareTable(received: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, unknown>> {
  const table = { ...received }
  const found: unknown[] = [table]
  // The list grows while the loop runs. Tables may be nested deeper than the stack allows recursion.
  for (const value of found) {
    // A table whose prototype is a Buffer looks like a Buffer in every other way.
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue
    if (!Array.isArray(value)) Object.setPrototypeOf(value, null)
    for (const inner of Object.values(value)) found.push(inner)
  }
  return table
}

const FLOATS = new Set<unknown>(['double', 'float64', 'float'])

/**
 * Refuses a table in which amqplib would write a double that is not a number. RabbitMQ closes the connection over such
 * a double (541).
 *
 * amqplib reads a table with an entry `!` as the name of a type and a value of that type. Any sender can write such a
 * table, with a value of another type. leveret would send it again in copies of the message.
 *
 * @throws TypeError as amqplib does for values of other types
 */
export function refuseFalseNumbers(table: Readonly<Record<string, unknown>> = {}): void {
  const found: unknown[] = Object.values(table)
  // The list grows while the loop runs.
  for (const value of found) {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue
    const { '!': type, value: marked } = value as Readonly<Record<string, unknown>>
    if (FLOATS.has(type) && !isNumber(marked, type))
      throw new TypeError(`a header is marked as a ${type} but holds another value`)
    for (const inner of Object.values(value)) found.push(inner)
  }
}

function isNumber(value: unknown, type: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(type === 'float' ? Math.fround(value) : value)
}

/**
 * Marks every `bigint` as 64 bits wide, so that amqplib can write the table.
 *
 * @returns the same table, if it holds no `bigint`
 */
export function markWide(table: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return holdsWide(table) ? (marked(table) as Readonly<Record<string, unknown>>) : table
}

/** Whether a value holds a `bigint`. Values that are nested too deep are refused elsewhere. */
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
