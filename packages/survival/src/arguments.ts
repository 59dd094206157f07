import { parseArgs } from 'node:util'

/** How much is done. */
export interface Effort {
  /** Each fault short. */
  readonly quick: boolean
  /** What chance decides is decided by this. */
  readonly seed: number
  /** Messages that the leader kills of a cluster go on over, at least. */
  readonly messages: number | undefined
  /** Leader kills. */
  readonly kills: number | undefined
  /** Where to write the report. */
  readonly report: string
}

/** What the command line asks for. */
export type Request =
  | { readonly do: 'help' | 'list' }
  | { readonly do: 'faults'; readonly names: readonly string[]; readonly effort: Effort }
  | { readonly do: 'soak'; readonly names: readonly string[]; readonly minutes: number; readonly effort: Effort }

/** The command line makes no sense; the message says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The names of the faults there are. */
export interface KnownFaults {
  readonly single: readonly string[]
  readonly cluster: readonly string[]
  /** Those that can be done to a client that runs for long. */
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
 * Reads the command line: some of the faults, or all of them where none is named.
 *
 * @param newSeed - taken where none is given
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
