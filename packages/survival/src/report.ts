import { invariants } from './invariants.js'
import type { Figures } from './ledger/account.js'
import { isSurvived, type Verdict } from './run.js'

/** Setting of a report. */
export interface Setting {
  /** Versions of Node.js, leveret, amqplib, and each broker. */
  readonly versions: string
  readonly seed: number
  /** The command that was run. */
  readonly command: string
  readonly minutes: number
  /** Defects that were found and corrected, written by hand, as Markdown; may be empty. */
  readonly defects: string
}

/** Writes the report as Markdown: what held, the figures, and what did not hold. */
export function reportOf(setting: Setting, verdicts: readonly Verdict[]): string {
  const done = verdicts.filter(({ skipped }) => skipped === undefined)
  return [
    '# What leveret survived',
    `${closingLine(verdicts)} Seed ${setting.seed}, \`${setting.command}\`, ${setting.minutes.toFixed(1)} minutes.`,
    setting.versions,
    '## What held',
    table(['fault', ...invariants.map(({ name }) => name)], done.map(heldRow)),
    table(
      ['invariant', 'meaning'],
      invariants.map(({ name, says }) => [name, says]),
    ),
    '## Figures',
    table(['fault', ...figureColumns.map(([heading]) => heading)], done.map(figureRow)),
    ...section('## What did not hold', verdicts.flatMap(breachLines)),
    ...section(
      '## Not done here',
      verdicts.flatMap(({ fault, skipped }) => (skipped === undefined ? [] : [`- ${fault}: ${skipped}`])),
    ),
    ...(setting.defects === '' ? [] : [setting.defects.trim()]),
  ]
    .join('\n\n')
    .concat('\n')
}

/** Summarizes the verdicts in one line. */
export function closingLine(verdicts: readonly Verdict[]): string {
  const done = verdicts.filter(({ skipped }) => skipped === undefined)
  const failed = done.filter((verdict) => !isSurvived(verdict))
  const skipped = verdicts.length - done.length
  const rest = skipped === 0 ? '' : ` ${skipped} could not be done here.`
  if (failed.length === 0) return `All ${done.length} were survived.${rest}`
  return `NOT SURVIVED: ${failed.map(({ fault }) => fault).join(', ')}, of ${done.length}.${rest}`
}

/** Summarizes one fault in a line, while others still run. */
export function verdictLine(verdict: Verdict): string {
  const { fault, skipped, figures } = verdict
  if (skipped !== undefined) return `- ${fault}: not done, ${skipped}`
  const sign = isSurvived(verdict) ? '✓' : '✗'
  if (figures === undefined) return `${sign} ${fault}`
  const { published, confirmed, handled, deadLettered, duplicates, destroyed } = figures
  const parts = [
    `${published} published`,
    `${confirmed} confirmed`,
    `${handled} handled`,
    `${deadLettered} dead-lettered`,
    `${duplicates} duplicates`,
    ...(destroyed === 0 ? [] : [`${destroyed} destroyed`]),
    `recovery in ${recovery(figures)}`,
  ]
  return [`${sign} ${fault}: ${parts.join(', ')}`, ...breachLines(verdict).map((line) => `  ${line}`)].join('\n')
}

/** How many breaches of one kind are shown; the ledger has them all. */
const SHOWN = 5

function breachLines({ fault, broken, breaches }: Verdict): string[] {
  const lines = [...breaches].flatMap(([name, found]) => {
    const more = found.length > SHOWN ? [`- ${fault}, ${name}: … and ${found.length - SHOWN} more`] : []
    return [...found.slice(0, SHOWN).map((breach) => `- ${fault}, ${name}: ${breach}`), ...more]
  })
  return broken === undefined ? lines : [`- ${fault} did not end: ${broken}`, ...lines]
}

function heldRow({ fault, broken, breaches }: Verdict): string[] {
  const cell = (name: string): string => {
    const count = breaches.get(name)?.length ?? 0
    return count === 0 ? '✓' : `**✗ ${count}**`
  }
  return [broken === undefined ? fault : `${fault} (**broken off**)`, ...invariants.map(({ name }) => cell(name))]
}

const count = (value: number): string => value.toLocaleString('en-US')
const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)

/** Columns of figures: counts of messages, unless another unit is named. */
const figureColumns: readonly (readonly [heading: string, text: (figures: Figures) => string])[] = [
  ['times', ({ faults }) => count(faults)],
  ['published', ({ published }) => count(published)],
  ['confirmed', ({ confirmed }) => count(confirmed)],
  ['returned', ({ returned }) => count(returned)],
  ['refused', ({ refused }) => count(refused)],
  ['not sent', ({ notSent }) => count(notSent)],
  ['unknown', ({ unknown }) => count(unknown)],
  ['other errors', ({ otherErrors }) => count(otherErrors)],
  ['handled', ({ handled }) => count(handled)],
  ['acked', ({ acked }) => count(acked)],
  ['retries', ({ retried }) => count(retried)],
  ['dead letters', ({ deadLettered }) => count(deadLettered)],
  ['twice', ({ duplicates }) => count(duplicates)],
  ['destroyed', ({ destroyed }) => count(destroyed)],
  ['recovery', recovery],
  ['heap grew, MiB', ({ heapGrownBytes }) => mib(heapGrownBytes)],
  ['RSS, MiB', ({ rssBytes }) => mib(rssBytes)],
]

function figureRow({ fault, figures }: Verdict): string[] {
  return [fault, ...figureColumns.map(([, text]) => (figures === undefined ? '' : text(figures)))]
}

function recovery({ recoveryMs }: Figures): string {
  if (recoveryMs === undefined) return 'never'
  return recoveryMs < 1_000 ? `${recoveryMs} ms` : `${(recoveryMs / 1_000).toFixed(1)} s`
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n')
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, lines.join('\n')]
}
