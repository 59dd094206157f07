import type { Declaration } from 'leveret'
import type { ContractsDocument, DescribedContract } from '../document.js'
import { isSame } from '../schema/json-schema.js'
import type { Change } from './change.js'

/** Compares the declarations. */
export function topologyChanges(before: ContractsDocument, after: ContractsDocument): Change[] {
  const now = new Map(after.contracts.map((contract) => [contract.key, contract]))
  const pairs = before.contracts.flatMap((old) => {
    const next = now.get(old.key)
    return next === undefined ? [] : [[old, next] as const]
  })
  return [
    ...argumentChanges(before.declarations, after.declarations),
    ...pairs.flatMap(([old, next]) => [
      ...delayChanges(old, next),
      ...letterChanges(old, next),
      ...bindingChanges(old, next),
    ]),
  ]
}

type Named = Exclude<Declaration, { readonly kind: 'binding' }>

function argumentChanges(before: readonly Declaration[], after: readonly Declaration[]): Change[] {
  const old = new Map(before.filter(isNamed).map((one) => [`${one.kind} ${one.name}`, one]))
  return after.filter(isNamed).flatMap((next) => {
    const key = `${next.kind} ${next.name}`
    const last = old.get(key)
    if (last === undefined || last.existing || next.existing) return []
    return differences(last, next).map(
      ([argument, was, is]): Change => ({
        contract: key,
        path: argument,
        side: 'topology',
        answer: 'breaks',
        text:
          `was ${shown(was)} and is ${shown(is)}: RabbitMQ refuses the declaration (406) where it exists. Keep it as it was; or give the contract ` +
          `a new name; or move the messages away, delete the ${next.kind} and declare it again`,
      }),
    )
  })
}

function isNamed(declaration: Declaration): declaration is Named {
  return declaration.kind !== 'binding'
}

/** Lists the differences between two declarations, by name. */
export function differences(before: Named, after: Named): (readonly [name: string, was: unknown, is: unknown])[] {
  const [old, now] = [before, after].map(settings)
  const names = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])]
  return names
    .filter((name) => !isSame(old?.[name], now?.[name]))
    .map((name) => [name, old?.[name], now?.[name]] as const)
}

function settings(declaration: Named): Readonly<Record<string, unknown>> {
  if (declaration.kind === 'queue') return { durable: declaration.durable, ...declaration.arguments }
  const { type, durable, autoDelete, internal } = declaration
  return { type, durable, autoDelete, internal, ...declaration.arguments }
}

function delayChanges(
  { delaysMs: old = [], key, name }: DescribedContract,
  { delaysMs: now = [] }: DescribedContract,
): Change[] {
  if (isSame(old, now)) return []
  const gone = old.filter((delay) => !now.includes(delay)).map((delay) => `${name}.retry.${delay}`)
  const stays =
    gone.length === 0
      ? ''
      : `: ${gone.join(', ')} stays on the broker, and what waits in it still comes back. Delete it when it is empty`
  return [topology(key, 'delaysMs', `was [${old.join(', ')}] and is [${now.join(', ')}]${stays}`)]
}

function letterChanges(
  { deadLetterQueue: old, key }: DescribedContract,
  { deadLetterQueue: now }: DescribedContract,
): Change[] {
  if (old === now || old === undefined) return []
  return [
    topology(
      key,
      'deadLetter',
      `was ${old} and is ${now ?? 'none'}: old letters stay behind in ${old}. Replay or move them before`,
    ),
  ]
}

/** Compares bindings, which are added and never removed. */
function bindingChanges(
  { bindingKeys: old = [], key }: DescribedContract,
  { bindingKeys: now = [] }: DescribedContract,
): Change[] {
  const gone = old.filter((binding) => !now.includes(binding))
  if (gone.length === 0) return []
  const text = `no longer bound with ${gone.map((one) => `'${one}'`).join(', ')}: the binding stays on the broker, so what it brings still comes, and is unknown here`
  return [topology(key, 'bindingKeys', text)]
}

function topology(contract: string, path: string, text: string): Change {
  return { contract, path, side: 'topology', answer: 'ok', text }
}

function shown(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value)
}
