import type { ContractsDocument, DescribedContract } from '../document.js'
import type { Change } from './change.js'
import { payloadChanges } from './payloads.js'
import { topologyChanges } from './topology.js'

/** Compares two versions of contracts: what breaks messages, senders, receivers or declarations. It needs no broker. */
export function diffContracts(before: ContractsDocument, after: ContractsDocument): readonly Change[] {
  const [old, now] = [byKey(before), byKey(after)]
  const kept = [...old].flatMap(([key, contract]) => {
    const next = now.get(key)
    return next === undefined
      ? [goneContract(contract)]
      : [...codecChanges(contract, next), ...payloadChanges(contract, next)]
  })
  const added = [...now].filter(([key]) => !old.has(key)).map(([key]) => info(key, 'the contract is new'))
  return [...kept, ...added, ...topologyChanges(before, after)]
}

function byKey({ contracts }: ContractsDocument): ReadonlyMap<string, DescribedContract> {
  return new Map(contracts.map((contract) => [contract.key, contract]))
}

function info(contract: string, text: string): Change {
  return { contract, path: '', side: 'info', answer: 'ok', text }
}

function goneContract({ key, kind }: DescribedContract): Change {
  const what =
    kind === 'exchange'
      ? 'none of these applications receives what others publish to it'
      : 'what waits in its queue stays there'
  return info(key, `the contract is gone: ${what}, and what it declared stays on the broker`)
}

/** Lists a change of the content type. Readers that do not know the new type cannot read it. */
function codecChanges(before: DescribedContract, after: DescribedContract): Change[] {
  const [old, now] = [before, after].map(
    ({ contentType, contentEncoding = 'none' }) => `${contentType} (encoding ${contentEncoding})`,
  )
  if (old === now) return []
  const text = `the content type was ${old} and is ${now}: readers that know one of them only refuse the other`
  const change = { contract: after.key, path: 'codec', answer: 'cannot tell', text } as const
  return [
    { ...change, side: 'backward' },
    { ...change, side: 'forward' },
  ]
}
