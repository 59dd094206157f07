import { type Application, type LetterContract, workQueue } from 'leveret'
import { z } from 'zod'
import { allContracts } from '../config/contracts.js'
import { UsageError } from '../program/exit.js'

/** The contract of letters, and the queue that holds them. */
export interface LetterQueue {
  readonly contract: LetterContract
  /** The dead-letter queue. */
  readonly queue: string
  /** Whether the contract belongs to an application. The payloads then have types. */
  readonly isKnown: boolean
}

const SUFFIX = '.dead-letter'

/**
 * Finds the letters that a name stands for: a contract, its queue, or its dead-letter queue. Without a contract, the
 * form of the name decides.
 *
 * @param of - the queue in which the letters died, if the name is that of a dead-letter queue
 * @throws {@link UsageError} if several contracts share the dead-letter queue, and `of` is missing
 */
export function letterQueueOf(applications: readonly Application[], name: string, of?: string): LetterQueue {
  const contracts = allContracts(applications).filter(isLetterContract)
  const known = contracts.filter((contract) =>
    of === undefined ? contract.name === name || letterQueueName(contract) === name : contract.name === of,
  )
  const [contract, ...others] = known.some((one) => one.name === name)
    ? known.filter((one) => one.name === name)
    : known
  if (others.length > 0) {
    throw new UsageError(
      `Several contracts keep their letters in '${name}': say --of ${known.map((one) => one.name).join(' or --of ')}.`,
    )
  }
  if (contract === undefined) return guessed(name, of)
  const queue = letterQueueName(contract)
  if (queue === undefined)
    throw new UsageError(`The contract '${contract.name}' keeps no dead letters: deadLetter is false.`)
  return { contract, queue, isKnown: true }
}

function isLetterContract(contract: { readonly kind: string }): contract is LetterContract {
  return ['work-queue', 'subscription', 'stream'].includes(contract.kind)
}

function letterQueueName({ deadLetter }: LetterContract): string | undefined {
  return deadLetter === false ? undefined : deadLetter.queue
}

/** Guesses the queue from leveret's naming: `thumbnails.dead-letter` holds the letters of `thumbnails`. */
function guessed(name: string, of: string | undefined): LetterQueue {
  const isLetters = name.endsWith(SUFFIX)
  const queue = of !== undefined || isLetters ? name : `${name}${SUFFIX}`
  const work = of ?? (isLetters ? name.slice(0, -SUFFIX.length) : name)
  const contract = workQueue(work, {
    payload: z.unknown(),
    existing: true,
    retry: false,
    deadLetter: { queue, existing: true },
  })
  return { contract, queue, isKnown: false }
}
