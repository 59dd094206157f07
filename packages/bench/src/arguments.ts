import { parseArgs } from 'node:util'

/** Options that decide how much is measured. */
export interface Effort {
  /** Whether fewer messages are measured, less often. */
  readonly quick: boolean
  /** How many rounds count, after one that does not. */
  readonly rounds: number
  /** How many messages a run has, if not the program's own number. */
  readonly messages: number | undefined
  /** Kind of queue whose cases are measured; by default all. */
  readonly queue?: QueueType | undefined
}

/** Kinds of queues that clients are compared on. */
export type QueueType = 'classic' | 'quorum'

/** The task that the command line asks for. */
export type Request<Name extends string> =
  | { readonly do: 'help' }
  | { readonly do: 'measure'; readonly programs: readonly Name[]; readonly effort: Effort }

/** The error for a command line that makes no sense; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const options = {
  help: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  messages: { type: 'string' },
  queue: { type: 'string' },
} as const

/** How many rounds are measured by default. */
const ROUNDS = { quick: 1, full: 5 }

/**
 * Reads the command line: the named programs, or all programs if none is named.
 *
 * @throws {@link UsageError}
 */
export function readArguments<Name extends string>(args: readonly string[], known: readonly Name[]): Request<Name> {
  const { values, positionals } = parse(args)
  if (values.help) return { do: 'help' }
  const unknown = positionals.find((name) => !(known as readonly string[]).includes(name))
  if (unknown !== undefined) {
    throw new UsageError(`there is no program ${JSON.stringify(unknown)}; take one of ${known.join(', ')}`)
  }
  const { quick, rounds, messages, queue } = values
  return {
    do: 'measure',
    programs: known.filter((name) => positionals.length === 0 || positionals.includes(name)),
    effort: {
      quick,
      rounds: rounds === undefined ? ROUNDS[quick ? 'quick' : 'full'] : count('--rounds', rounds),
      messages: messages === undefined ? undefined : count('--messages', messages),
      ...(queue === undefined ? {} : { queue: queueType(queue) }),
    },
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function queueType(text: string): QueueType {
  if (text !== 'classic' && text !== 'quorum') throw new UsageError(`--queue takes classic or quorum, not ${text}`)
  return text
}

function count(option: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError(`${option} takes a whole number from 1, not ${text}`)
  return Number(text)
}
