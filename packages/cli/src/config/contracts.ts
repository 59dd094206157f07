import type { Application, Contract } from 'leveret'
import { contractsOf } from '../contracts/document.js'
import { UsageError } from '../program/exit.js'

/** Returns all contracts of applications, each once. */
export function allContracts(applications: readonly Application[]): readonly Contract[] {
  return [...new Set(applications.flatMap(contractsOf))]
}

/** Finds a contract of one of these kinds by its name; `undefined` if there is none. */
export function findContract<Kind extends Contract['kind']>(
  applications: readonly Application[],
  name: string,
  ...kinds: readonly Kind[]
): Extract<Contract, { kind: Kind }> | undefined {
  const isWanted = (contract: Contract): contract is Extract<Contract, { kind: Kind }> =>
    contract.name === name && kinds.some((kind) => kind === contract.kind)
  return allContracts(applications).find(isWanted)
}

/**
 * Finds a contract like {@link findContract}. @throws {@link UsageError} if there is none; it lists the existing ones
 */
export function contractNamed<Kind extends Contract['kind']>(
  applications: readonly Application[],
  name: string,
  ...kinds: readonly Kind[]
): Extract<Contract, { kind: Kind }> {
  const found = findContract(applications, name, ...kinds)
  if (found !== undefined) return found
  const names = allContracts(applications)
    .filter(({ kind }) => kinds.some((one) => one === kind))
    .map((contract) => contract.name)
  if (applications.length === 0) {
    throw new UsageError(
      `No contracts are known, so '${name}' is not. Export applications from leveret.config.ts, or name another file: --app <file>.`,
    )
  }
  throw new UsageError(
    `No contract is a ${kinds.join(' or ')} with the name '${name}'. Known are: ${names.map((one) => `'${one}'`).join(', ') || 'none'}.`,
  )
}
