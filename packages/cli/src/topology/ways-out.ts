import type { ExchangeDeclaration, QueueDeclaration } from 'leveret'

/** Lists the remedies for something that exists with other arguments. Nothing is done automatically. */
export function waysOut(
  declaration: QueueDeclaration | ExchangeDeclaration,
  existing: Readonly<Record<string, unknown>>,
): readonly string[] {
  const { kind, name } = declaration
  return [
    `keep it as it is: write in the contract ${asItIs(declaration, existing)}`,
    `leave it alone: give the contract a new name, and delete '${name}' when it is empty`,
    kind === 'queue'
      ? `replace it: stop its workers, let it run empty or move its messages away, delete '${name}', then run leveret topology apply`
      : `replace it: delete '${name}' while no client publishes, then run leveret topology apply, which binds it again`,
  ]
}

function asItIs(
  declaration: QueueDeclaration | ExchangeDeclaration,
  existing: Readonly<Record<string, unknown>>,
): string {
  const args = JSON.stringify(existing)
  if (declaration.kind === 'exchange') return `arguments: ${args}, or existing: true`
  switch (declaration.part) {
    case 'dead-letter':
      return `deadLetter: { arguments: ${args} }`
    case 'delay':
      return 'the delaysMs that it was made for'
    default:
      return `queue: { arguments: ${args} }, or existing: true`
  }
}
