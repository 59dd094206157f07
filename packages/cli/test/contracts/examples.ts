import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  type Application,
  application,
  type Contract,
  type Exchange,
  type Procedure,
  type Subscribable,
  type WorkQueue,
} from 'leveret'

const root = fileURLToPath(new URL('../../../../examples', import.meta.url))
const FILES = /^(?:contracts?|queue|exchange|procedure)\.ts$/

/** An application that does all that the contracts of the eight tutorials are for. */
export async function exampleApplication(): Promise<Application> {
  const folders = readdirSync(root).filter((name) => /^0[1-8]-/.test(name))
  if (folders.length < 8) throw new Error(`there are only ${folders.length} examples`)
  const contracts = await Promise.all(folders.sort().map(async (folder) => await contractsIn(`${root}/${folder}`)))
  return applicationOf('examples', contracts.flat())
}

async function contractsIn(folder: string): Promise<readonly Contract[]> {
  const files = readdirSync(folder).filter((name) => FILES.test(name))
  const modules = await Promise.all(files.map(async (file): Promise<object> => await import(`${folder}/${file}`)))
  return modules
    .flatMap((module) => Object.values(module))
    .filter((value): value is Contract => typeof Object(value).kind === 'string')
}

function applicationOf(name: string, contracts: readonly Contract[]): Application {
  const queues = contracts.filter((contract): contract is WorkQueue => contract.kind === 'work-queue')
  const procedures = contracts.filter((contract): contract is Procedure => contract.kind === 'procedure')
  const exchanges = contracts.filter((contract): contract is Exchange => contract.kind === 'exchange')
  const subscribes = contracts.filter((contract): contract is Subscribable =>
    ['subscription', 'stream', 'exchange'].includes(contract.kind),
  )
  return application({
    name,
    version: '1.0.0',
    sends: queues,
    works: queues,
    publishes: exchanges,
    subscribes,
    calls: procedures,
    answers: procedures,
  })
}
