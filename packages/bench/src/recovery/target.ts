import { median } from '../rounds.js'
import { type Column, duration } from '../table.js'

/** Time that a recovery may take. */
export interface Target {
  readonly medianMs?: number
  readonly maxMs?: number
}

/** Measured times of one recovery. */
export interface Finding {
  readonly what: string
  /**
   * Measured times. `Infinity` stands for a recovery that did not end in time. Empty if it could not be measured here.
   */
  readonly samplesMs: readonly number[]
  readonly target: Target
}

/** Whether all of a target was met; `undefined` if nothing was measured. */
export function isMet({ samplesMs, target }: Finding): boolean | undefined {
  if (samplesMs.length === 0) return undefined
  const { medianMs = Number.POSITIVE_INFINITY, maxMs = Number.POSITIVE_INFINITY } = target
  const worst = Math.max(...samplesMs)
  return worst < Number.POSITIVE_INFINITY && median(samplesMs) <= medianMs && worst <= maxMs
}

/** Columns of the table of findings. */
export const findingColumns: readonly Column[] = [
  { heading: 'what', align: 'left' },
  { heading: 'n', align: 'right' },
  { heading: 'median', align: 'right' },
  { heading: 'max', align: 'right' },
  { heading: 'target', align: 'left' },
  { heading: 'met', align: 'left' },
]

/** Returns the row of a finding. */
export function findingRow(finding: Finding): string[] {
  const { what, samplesMs, target } = finding
  const met = isMet(finding)
  const measured = met === undefined ? ['-', '-'] : [median(samplesMs), Math.max(...samplesMs)].map(duration)
  return [what, String(samplesMs.length), ...measured, describe(target), verdict(met)]
}

/** Returns the line below the table. */
export function closingLine(findings: readonly Finding[]): string {
  const missed = findings.filter((finding) => isMet(finding) === false).map(({ what }) => what)
  const open = findings.filter((finding) => isMet(finding) === undefined).length
  const rest = open === 0 ? '' : ` ${open} of ${findings.length} could not be measured here.`
  if (missed.length === 0) return `Every target that was measured is met.${rest}`
  return `MISSED ${missed.length} of ${findings.length} targets: ${missed.join('; ')}.${rest}`
}

function describe({ medianMs, maxMs }: Target): string {
  const parts = [
    ...(medianMs === undefined ? [] : [`median ≤ ${duration(medianMs)}`]),
    ...(maxMs === undefined ? [] : [`max ≤ ${duration(maxMs)}`]),
  ]
  return parts.join(', ')
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return 'not measured'
  return met ? 'yes' : 'NO'
}
