import { type ArgumentKinds, type Arguments, FieldTable, METHODS, type MethodName } from '@leveret/memory-broker/wire'

const EMPTY: ArgumentKinds = {
  octet: 0,
  short: 0,
  long: 0,
  longlong: 0,
  bit: false,
  text: '',
  bytes: Buffer.alloc(0),
  table: FieldTable.empty,
}

/** Completes the arguments of a method: missing ones are empty, zero or false. */
export function complete<Name extends MethodName>(name: Name, given: Partial<Arguments<Name>>): Arguments<Name> {
  const kinds = Object.entries<keyof ArgumentKinds>(METHODS[name].args)
  const defaults = Object.fromEntries(kinds.map(([argument, kind]) => [argument, EMPTY[kind]]))
  return { ...defaults, ...given } as Arguments<Name>
}
