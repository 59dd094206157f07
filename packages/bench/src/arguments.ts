import { parseArgs } from 'node:util'

/** How much is measured. */
export interface Effort {
  /** Fewer messages, fewer repetitions. */
  readonly quick: boolean
  /** Rounds that count, after one that does not. */
  readonly rounds: number
  /** Messages a run, where the program's own number is not wanted. */
  readonly messages: number | undefined
}

/** What the command line asks for. */
export type Request<Name extends string> =
  | { readonly do: 'help' }
  | { readonly do: 'measure'; readonly programs: readonly Name[]; readonly effort: Effort }

/** The command line makes no sense; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

const options = {
  help: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string', default: '5' },
  messages: { type: 'string' },
} as const

/**
 * Reads the command line: some of the programs, or all of them where none is named.
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
  const { quick, rounds, messages } = values
  return {
    do: 'measure',
    programs: known.filter((name) => positionals.length === 0 || positionals.includes(name)),
    effort: {
      quick,
      rounds: count('--rounds', rounds),
      messages: messages === undefined ? undefined : count('--messages', messages),
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

function count(option: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError(`${option} takes a whole number from 1, not ${text}`)
  return Number(text)
}
