import type { Check } from '../../check.js'

/**
 * Release lines of Node.js, and the day on which the support of each ends. Source:
 * https://github.com/nodejs/Release/blob/main/schedule.json
 */
const ENDS: Readonly<Record<string, string>> = {
  '20': '2026-04-30',
  '21': '2024-06-01',
  '22': '2027-04-30',
  '23': '2025-06-01',
  '24': '2028-04-30',
  '25': '2026-06-01',
}

/** Finds a version of Node.js without support. */
export const nodeVersion: Check = {
  name: 'node-version',
  ask: ({ self: { nodeVersion: running } }) => {
    const line = running.split('.')[0] ?? ''
    const ends = ENDS[line]
    if (ends === undefined || new Date(ends).getTime() > Date.now()) return []
    return [
      {
        severity: 'note',
        subject: `Node.js ${running}`,
        evidence: `Node.js ${line} has had no security releases since ${ends}`,
        wayOut: 'run a release line with long-term support',
      },
    ]
  },
}
