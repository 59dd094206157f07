import {
  type Application,
  BrokerError,
  type Connection,
  DeadLetters,
  dryRun,
  type LetterContract,
  type Subscription,
  type WorkQueue,
} from 'leveret'
import { allContracts } from '../../config/contracts.js'
import { accepts } from '../../contracts/compatibility/accepts.js'
import type { Change } from '../../contracts/diff/change.js'
import { type ContractsDocument, keyOf } from '../../contracts/document.js'
import { contentOf } from '../../letters/view.js'
import type { CommonOptions, Context } from '../../program/context.js'

/** Waiting messages that the new version refuses. */
export interface Waiting {
  readonly contract: string
  readonly queue: string
  readonly messages: number
  /** Whether there are more messages than were checked. */
  readonly isAtLeast: boolean
}

interface Compared {
  readonly changes: readonly Change[]
  readonly before: ContractsDocument
  readonly applications: readonly Application[]
}

const MOST_LETTERS = 1_000
const MOST_TASKS = 10_000

/**
 * Checks the queues and the dead letters of changed contracts for messages that no longer fit. All messages go back.
 */
export async function waitingFor(
  context: Context,
  options: CommonOptions,
  { changes, before, applications }: Compared,
): Promise<readonly Waiting[]> {
  const changed = new Set(
    changes.filter(({ side, answer }) => side === 'backward' && answer !== 'ok').map(({ contract }) => contract),
  )
  const contracts = allContracts(applications).filter((contract): contract is WorkQueue | Subscription => {
    if (contract.kind === 'work-queue') return changed.has(keyOf(contract))
    return contract.kind === 'subscription' && changed.has(keyOf(contract.of))
  })
  if (contracts.length === 0) return []
  await using session = await context.session(options)
  session.announce(`looks at what waits in ${contracts.map(({ name }) => `'${name}'`).join(', ')}, and gives it back`)
  const rabbit = await session.connect()
  const found: Waiting[] = []
  for (const contract of contracts) {
    found.push(...(await inQueue(rabbit, contract)), ...(await inLetters(rabbit, contract, before)))
  }
  return found
}

async function inQueue(rabbit: Connection, contract: WorkQueue | Subscription): Promise<readonly Waiting[]> {
  const run = await dryRun(rabbit, contract, { limit: MOST_TASKS }).catch(ignoreMissing)
  if (run === undefined || run.refused === 0) return []
  return [
    { contract: keyOf(contract), queue: contract.name, messages: run.refused, isAtLeast: run.read === MOST_TASKS },
  ]
}

async function inLetters(
  rabbit: Connection,
  contract: LetterContract,
  before: ContractsDocument,
): Promise<readonly Waiting[]> {
  const { deadLetter } = contract
  if (deadLetter === false) return []
  await using letters = new DeadLetters<LetterContract>(rabbit, contract)
  const peeked = (await letters.peek({ limit: MOST_LETTERS }).catch(ignoreMissing)) ?? []
  const own = peeked.filter(({ queue }) => queue === undefined || queue === contract.name)
  const refused = await Promise.all(
    own.map(async (letter) => {
      const isRefused = await letter.payload().then(
        () => false,
        () => true,
      )
      return (
        isRefused &&
        fitBefore(contract, contentOf(letter.content).payload, letter as { readonly template?: string }, before)
      )
    }),
  )
  const messages = refused.filter(Boolean).length
  return messages === 0
    ? []
    : [{ contract: keyOf(contract), queue: deadLetter.queue, messages, isAtLeast: peeked.length === MOST_LETTERS }]
}

/** Whether a payload fitted the old version. One that did not is not a message of the old shape. */
function fitBefore(
  contract: LetterContract,
  payload: unknown,
  { template }: { readonly template?: string },
  { contracts }: ContractsDocument,
): boolean {
  const key = contract.kind === 'work-queue' ? keyOf(contract) : keyOf(contract.of)
  const messages = contracts.find((one) => one.key === key)?.messages ?? []
  const schema = messages.find(({ part }) => part === (template ?? 'payload'))?.schema
  return schema === undefined || accepts(schema, payload, schema) !== false
}

/** Ignores a missing queue, because it has no messages. */
function ignoreMissing(error: unknown): undefined {
  if (error instanceof BrokerError && error.replyCode === 404) return undefined
  throw error
}
