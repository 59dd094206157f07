import { parseArgs } from 'node:util'

/** Options that decide how much is done. */
export interface Effort {
  /** Whether each fault is kept short. */
  readonly quick: boolean
  /** Seed of the random numbers. */
  readonly seed: number
  /** The least number of messages over which the leader kills of a cluster go on. */
  readonly messages: number | undefined
  /** How many leaders are killed. */
  readonly kills: number | undefined
  /** Path of the report. */
  readonly report: string
}

/** The task that the command line asks for. */
export type Request =
  | { readonly do: 'help' | 'list' }
  | { readonly do: 'faults'; readonly names: readonly string[]; readonly effort: Effort }
  | { readonly do: 'soak'; readonly names: readonly string[]; readonly minutes: number; readonly effort: Effort }

/** The error for a command line that makes no sense; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Names of all faults. */
export interface KnownFaults {
  readonly single: readonly string[]
  readonly cluster: readonly string[]
  /** Faults that a client that runs for long can be exposed to. */
  readonly soak: readonly string[]
}

const options = {
  help: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  cluster: { type: 'boolean', default: false },
  messages: { type: 'string' },
  kills: { type: 'string' },
  minutes: { type: 'string' },
  seed: { type: 'string' },
  report: { type: 'string', default: 'survival-report.md' },
} as const

/**
 * Reads the command line: the named faults, or all faults if none is named.
 *
 * @param newSeed - the seed if the command line has none
 * @throws {@link UsageError}
 */
export function readArguments(args: readonly string[], known: KnownFaults, newSeed: number): Request {
  const { values, positionals } = parse(args)
  if (values.help) return { do: 'help' }
  if (values.list) return { do: 'list' }
  const { quick, cluster, report } = values
  const effort: Effort = {
    quick,
    seed: optional('--seed', values.seed) ?? newSeed,
    messages: optional('--messages', values.messages),
    kills: optional('--kills', values.kills),
    report,
  }
  const minutes = optional('--minutes', values.minutes)
  if (minutes !== undefined) {
    if (cluster) throw new UsageError('--minutes mixes the faults of one broker; leave --cluster out')
    return { do: 'soak', names: chosen(positionals, known.soak), minutes, effort }
  }
  const all = [...known.single, ...known.cluster]
  if (cluster && positionals.length === 0) return { do: 'faults', names: known.cluster, effort }
  return { do: 'faults', names: chosen(positionals, all), effort }
}

function chosen(wanted: readonly string[], known: readonly string[]): readonly string[] {
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new UsageError(`there is no fault ${JSON.stringify(unknown)} here; take some of ${known.join(', ')}`)
  }
  return known.filter((name) => wanted.length === 0 || wanted.includes(name))
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function optional(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`${option} takes a whole number from 1, not ${text}`)
  return Number(text)
}
