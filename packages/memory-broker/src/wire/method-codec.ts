import { ByteReader, ByteWriter, WireError } from './bytes.js'
import { FieldTable } from './field-table.js'
import { type ArgumentKinds, type Arguments, METHODS, type Method, type MethodName } from './methods.js'

interface Known {
  readonly name: MethodName
  readonly args: readonly (readonly [name: string, kind: keyof ArgumentKinds])[]
}

const byId = new Map<number, Known>(
  Object.entries(METHODS).map(([name, { id, args }]) => [
    id[0] * 0x10000 + id[1],
    { name: name as MethodName, args: Object.entries(args) },
  ]),
)

/** The error for a method that does not exist. */
export class UnknownMethodError extends WireError {
  readonly classId: number
  readonly methodId: number

  constructor(classId: number, methodId: number) {
    super(`there is no method ${methodId} of class ${classId}`)
    this.classId = classId
    this.methodId = methodId
  }
}

/** Returns the class and the number of a method. */
export function idOf(name: MethodName): readonly [classId: number, methodId: number] {
  return METHODS[name].id
}

/** Reads the payload of a method frame. @throws WireError if it is not a method */
export function decodeMethod(payload: Buffer): Method {
  const reader = new ByteReader(payload)
  const id = reader.long()
  const known = byId.get(id)
  if (known === undefined) throw new UnknownMethodError(id >>> 16, id & 0xffff)
  const args: Record<string, unknown> = {}
  let bits = 0
  let mask = 0x100
  for (const [name, kind] of known.args) {
    if (kind !== 'bit') {
      mask = 0x100
      args[name] = readArgument(reader, kind)
      continue
    }
    // Consecutive bits share an octet, from the lowest bit up.
    if (mask === 0x100) {
      bits = reader.octet()
      mask = 1
    }
    args[name] = (bits & mask) !== 0
    mask <<= 1
  }
  return { name: known.name, args } as Method
}

function readArgument(reader: ByteReader, kind: Exclude<keyof ArgumentKinds, 'bit'>): unknown {
  switch (kind) {
    case 'table':
      return FieldTable.read(reader.longBytes())
    case 'text':
      return reader.shortText()
    case 'bytes':
      return reader.longBytes()
    default:
      return reader[kind]()
  }
}

/** Encodes the payload of a method frame. */
export function encodeMethod<Name extends MethodName>(name: Name, args: Arguments<Name>): Buffer {
  const { id, args: kinds } = METHODS[name]
  const writer = new ByteWriter(128).short(id[0]).short(id[1])
  let bits = 0
  let mask = 1
  const flush = (): void => {
    if (mask > 1) writer.octet(bits)
    bits = 0
    mask = 1
  }
  const values = args as Readonly<Record<string, unknown>>
  for (const [argument, kind] of Object.entries<keyof ArgumentKinds>(kinds)) {
    if (kind === 'bit') {
      if (values[argument] === true) bits |= mask
      mask <<= 1
      continue
    }
    flush()
    writeArgument(writer, kind, values[argument])
  }
  flush()
  return writer.done()
}

function writeArgument(writer: ByteWriter, kind: Exclude<keyof ArgumentKinds, 'bit'>, value: unknown): void {
  if (kind === 'table') writer.longBytes((value as FieldTable).encode())
  else if (kind === 'text') writer.shortText(value as string)
  else if (kind === 'bytes') writer.longBytes(value as Buffer)
  else writer[kind](value as number)
}
